# Writes OUT, a source file that returns a hash of the sources in SOURCE that verdicts follow from: twelve digits of
# SHA-256 over the hashes of all files, in the order of their paths. Comments and layout are left out: a better word in
# a comment makes no record one of an earlier rule.
set(hashes "")
foreach(folder algebra block cases ensemble judge number spec)
  file(GLOB_RECURSE files RELATIVE ${SOURCE} ${SOURCE}/${folder}/*.hpp ${SOURCE}/${folder}/*.cpp)
  list(FILTER files EXCLUDE REGEX "^judge/describe\\.")  # verdicts in words
  list(FILTER files EXCLUDE REGEX "^spec/preset")      # names of questions
  list(SORT files)
  foreach(path ${files})
    file(READ ${SOURCE}/${path} code)
    string(REGEX REPLACE "//[^\n]*" "" code "${code}")
    string(REGEX REPLACE "[ \t\n]+" "" code "${code}")
    string(SHA256 hash "${code}")
    string(APPEND hashes "${path} ${hash}\n")
  endforeach()
endforeach()
string(SHA256 hash "${hashes}")
string(SUBSTRING ${hash} 0 12 rule)
file(WRITE ${OUT} "#include \"plumbline/judge/stamp.hpp\"\n\nstd::string plumbline::rule() { return \"${rule}\"; }\n")
