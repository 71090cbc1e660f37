# Completion for bash: verbs, options, and what stands behind some of them, as the command itself says.
_plumbline() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} words
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=$(plumbline --help | sed -n '/^Subcommands/,/^$/s/^  \([a-z]\+\) .*/\1/p')
  elif [ "$before" = --preset ]; then
    words=$(plumbline list presets | sed -n 's/^  \([a-z0-9_]\+\) .*/\1/p')
  elif [ "$before" = --profile ]; then
    words=$(plumbline list profiles | sed 's/ .*//')
  elif [[ $word == -* ]]; then
    words=$(plumbline "$verb" --help | grep -o -- '--[a-z-]\+')
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    return
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _plumbline plumbline
