# SPDX-License-Identifier: Apache-2.0
"""What a value looks like to those whose grant is not for full values."""

_STAR = "*"
_NUMBERS = frozenset({"mobile_number", "fixed_line_number"})
_NAMES = frozenset({"user_name"})
_PLAIN = frozenset({"id_document_type", "tariff_plan", "network_join_time", "sex", "device_model", "os_version"})


def masked(item: str, value: str) -> str:
    """Return `value` with what identifies hidden.

    A telephone number keeps its first three and last four digits, a name its first and (from three characters on)
    last character, an address of mail its first character and domain; a document number and anything else that is
    long keep the first and last few characters; what is short is hidden whole.
    """
    if item in _PLAIN:
        return value
    if item in _NUMBERS:
        return _middle(value, 3, 4)
    if item in _NAMES:
        return value[:1] + _STAR * max(1, len(value) - 2) + (value[-1:] if len(value) > 2 else "")
    if "@" in value and item.endswith("address"):
        local, _, domain = value.rpartition("@")
        return f"{local[:1]}{_STAR * 3}@{domain}"
    if item == "home_address":
        return _middle(value, 6, 0)
    return _middle(value, 6, 4) if len(value) > 12 else _middle(value, 1, 1)


def _middle(value: str, head: int, tail: int) -> str:
    hidden = len(value) - head - tail
    if hidden < 1:
        return _STAR * max(1, len(value))
    return value[:head] + _STAR * hidden + value[len(value) - tail :]
