"""python -m plumbline_oracle: lists the known divergences of frameworks, which check(..., expect=[...]) takes by name."""

from .divergences import known

for divergence in known():
    print(f"{divergence.id} ({divergence.framework} {divergence.version}): {divergence.title}")
