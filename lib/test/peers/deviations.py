"""Ids of the ways in which this implementation can be told to go wrong: component/way."""

TABLE = """
    activation derivative-of-erf derivative-of-relu derivative-of-tanh erf-for-tanh quick-for-silu relu silu-for-quick
    activation tanh-for-bloom tanh-for-erf
    alibi missing sign slopes-evenly
    bias ffn-in-missing ffn-out-missing k-missing o-missing q-missing v-missing
    buckets missing one-sided sign
    derf shift-before-alpha shift-missing tanh-for-erf
    dyt alpha-missing alpha-outside
    ffn gate-and-up-swapped gate-detached halves-for-interleaved interleaved-for-halves limit-missing not-squared
    ffn reads-block-input up-offset-missing
    final-norm missing twice
    gate missing silu-for-sigmoid
    given mask-added mask-before-scale mask-before-softcap mask-inverted mask-missing mask-of-first-head mask-of-first-sequence
    gpas missing not-stopped
    heads gradient-of-first tiled
    l2 eps-added eps-times-width mean-for-sum
    latent norm-missing rope-on-nope
    layer-scalar missing
    layers all-as-first first-reused kinds-shifted reversed
    layout ffn-first output-as-pre post-as-pre pre-as-output pre-as-post second-norm-is-first
    lengths one-key-more padding-counted padding-seen
    lerp added branch-not-normalized rate-signed result-not-normalized scale-missing
    linear bias-missing bias-twice transposed
    linear-attention beta-missing beta-on-values-alone decay-after-update decay-as-given decay-missing delta-before-decay
    linear-attention delta-missing l2-missing read-before-update state-missing state-transposed
    mask after-softmax aligned-to-first-key aligned-to-last-key chunks-missing finite hides-self missing one-sided sees-next
    mask window-for-chunks window-too-long window-too-short zero-score
    moe correction-in-weights correction-missing every-expert groups-missing next-expert not-renormalised renormalised
    moe root-missing scaling-missing sigmoid-for-root shared-gate-missing shared-missing
    norm bias-missing centred divided-by-variance eps-clamped eps-missing eps-outside-sqrt
    norm gain-averaged gain-before gain-gradient-of-input gain-missing gain-offset-flipped mean-detached multiplied-by-std not-centred
    norm over-tokens sum-for-mean unbiased-variance variance-detached variance-only-centred
    norm-depth-scale missing not-rooted
    qk-norm missing
    residual attn-detached attn-doubled attn-dropped branch-gain-missing gain-missing gains-swapped
    residual ffn-block-input ffn-detached ffn-doubled ffn-dropped normed scale-on-branch
    rope backwards base gradient-not-turned-back exponent-of-head-dim key-offset missing past-not-counted scaling-by-steps
    rope scaling-missing sign style values yarn-factor-missing
    rope tables-in-other-style tables-of-first-sequence tables-swapped
    rope length-longest length-original longrope-factor-missing
    scale by-heads by-width gradient-missing missing mult-missing twice
    segments missing
    sink by-row missing of-first-head scaled
    softcap after-mask gradient-missing missing
    softmax gradient-elementwise over-queries unnormalised
    streams eps-missing head-is-mean mixing-from-sigmoid mixing-missing sinkhorn-once transposed write-not-doubled
    v-norm missing
"""
DEVIATIONS = [f"{c}/{way}" for c, *ways in map(str.split, TABLE.strip().splitlines()) for way in ways]


def with_derivative_of(value, other):
    """`value`, which autograd takes for `other`."""
    return value.detach() + (other - other.detach())
