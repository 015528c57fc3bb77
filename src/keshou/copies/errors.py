# SPDX-License-Identifier: Apache-2.0
"""Errors of making files of a copy."""

from keshou.errors import UnreachableError


class FontError(UnreachableError):
    """No font at hand has Chinese characters, so that no PDF can be made; other formats go on."""

    def __init__(self) -> None:
        super().__init__(
            "no font with Chinese characters is found, so no PDF can be made",
            hint="install one (Debian: fonts-noto-cjk), or name its folder as `fonts` in keshou.toml; "
            "take the copy in another format meanwhile",
        )


class SettingError(UnreachableError):
    """The typesetter refuses a copy; what it says is not told, since a piece of the copy stands in it."""

    def __init__(self) -> None:
        super().__init__("the copy cannot be set as a PDF", hint="take the copy in another format")
