# SPDX-License-Identifier: Apache-2.0
"""Values that are kept as codes, in the words that people read; programs get the code as it is kept."""

from collections.abc import Mapping

from keshou.language import Language, Text

CODES: Mapping[str, Mapping[str, Text]] = {
    "id_document_type": {
        "CN_ID": Text("居民身份证", "Resident identity card"),
        "CN_ID_TEMP": Text("临时居民身份证", "Temporary resident identity card"),
        "CN_HUKOU": Text("户口簿", "Household register"),
        "CN_MIL": Text("军人身份证件", "Military identity document"),
        "CN_PAP": Text("武警身份证件", "Armed-police identity document"),
        "HKMO_PERMIT": Text("港澳居民来往内地通行证", "Mainland travel permit for Hong Kong and Macao residents"),
        "TW_PERMIT": Text("台湾居民来往大陆通行证", "Mainland travel permit for Taiwan residents"),
        "HKMO_RP": Text("港澳居民居住证", "Residence permit for Hong Kong and Macao residents"),
        "TW_RP": Text("台湾居民居住证", "Residence permit for Taiwan residents"),
        "FOREIGN_PR": Text("外国人永久居留身份证", "Foreign permanent resident identity card"),
        "PASSPORT": Text("护照", "Passport"),
        "TRAVEL_OTHER": Text("其他有效旅行证件", "Another valid travel document"),
        "OTHER": Text("其他有效身份证件", "Another valid identity document"),
    }
}
"""Kind of information -> code -> what it is called. Source: miit25:7."""


def worded(values: Mapping[str, str], language: Language) -> dict[str, str]:
    """Return values by kind of information as people read them; what is no known code stays as it is."""
    return {item: _word(item, value, language) for item, value in values.items()}


def _word(item: str, value: str, language: Language) -> str:
    found = CODES.get(item, {}).get(value)
    return found.in_(language) if found else value
