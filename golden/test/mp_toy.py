"""The founding toy example over mpmath numbers, and numbers as the golden text files write them."""

from decimal import Context, Decimal

import mpmath
from mpmath import mpf

X, ATTENTION_EDIT, FFN_EDIT = (("4", "2", "0"), ("0.2", "-0.1", "0"), ("0.1", "0.2", "-0.1"))
TEXT_DIGITS = 40


def text(x):
    """TEXT_DIGITS digits, correctly rounded; 0 is 0."""
    if x == 0:
        return "0"
    numerator, denominator = int(x.man) << max(x.exp, 0), 1 << max(-x.exp, 0)
    size = Context(prec=TEXT_DIGITS).divide(Decimal(numerator), Decimal(denominator))
    digits, exponent = f"{size:.{TEXT_DIGITS - 1}e}".split("e")
    return f"{'-' if x < 0 else ''}{digits}e{int(exponent):+03d}"


def vector(decimals):
    return [mpf(t) for t in decimals]


def added(a, b):
    return [s + t for s, t in zip(a, b)]


def mean(a):
    return sum(a) / len(a)


def variance(a):
    return mean([(t - mean(a)) ** 2 for t in a])


def indexed(name, a):
    return {f"{name}[{i}]": text(t) for i, t in enumerate(a)}


def layer_norm(a, eps):
    return [(t - mean(a)) / mpmath.sqrt(variance(a) + eps) for t in a]


def pre_norm():
    u = added(vector(X), vector(ATTENTION_EDIT))
    return {**indexed("pre_norm.u", u), **indexed("pre_norm.y", added(u, vector(FFN_EDIT)))}


def post_norm(eps):
    r = added(vector(X), vector(ATTENTION_EDIT))
    u = layer_norm(r, mpf(eps))
    z = added(u, vector(FFN_EDIT))
    y = layer_norm(z, mpf(eps))
    rsqrt_1, rsqrt_2 = (1 / mpmath.sqrt(variance(t) + mpf(eps)) for t in (r, z))
    values = {
        "variance_1": text(variance(r)),
        "rsqrt_1": text(rsqrt_1),
        **indexed("u", u),
        "variance_2": text(variance(z)),
        "rsqrt_2": text(rsqrt_2),
        **indexed("y", y),
        "y_squared": text(sum(t * t for t in y)),
        "rsqrt_product": text(rsqrt_1 * rsqrt_2),
    }
    return {f"post_norm.eps_{eps}.{name}": value for name, value in values.items()}


def chains():
    """What a gradient is multiplied by: 1.05 a layer in pre-norm, 0.8 * 1.05 in post-norm; 12 layers exactly."""
    found = {}
    for n in (12, 96, 192):
        for layout, factor in (("pre_norm", "1.05"), ("post_norm", "0.84")):
            exact = Context(prec=2 * n + 2).power(Decimal(factor), n)
            found[f"{layout}.chain_{n}"] = str(exact) if n == 12 else text(mpf(factor) ** n)
    return found


def toy():
    """Name -> text, in the order of the file."""
    return {**pre_norm(), **post_norm("0"), **post_norm("1e-5"), **chains()}
