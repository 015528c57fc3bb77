# SPDX-License-Identifier: Apache-2.0
"""What the codes of bad rows are called."""

from keshou.language import Text

FAULT = {
    "denied": Text("闸门不允许", "the gate denies it"),
    "malformed": Text("不是合格的 CSV", "not well-formed CSV"),
    "no_information": Text("没有任何信息", "holds no information"),
    "no_user_id": Text("没有用户编号", "no user id"),
    "not_true_or_false": Text("应当是 true 或 false", "neither true nor false"),
    "not_utf8": Text("不是 UTF-8 编码", "not UTF-8"),
    "too_few_values": Text("列数少于表头", "fewer values than columns"),
    "too_many_values": Text("列数多于表头", "more values than columns"),
    "unknown_consent": Text("同意只能是 tacit、express 或 guardian", "a consent is tacit, express or guardian"),
    "unknown_purpose": Text("规则没有声明的目的", "a purpose that the rules do not declare"),
    "unknown_service": Text("规则没有声明的服务", "a service that the rules do not declare"),
    "user_known": Text("该用户已有记录", "the user is on record already"),
    "user_twice": Text("该用户在表中出现两次", "the user stands twice in the table"),
    "value_too_long": Text("数据过长", "a value that is too long"),
    "wrong_user_id": Text("用户编号过长或含有控制字符", "the user id is too long or has control characters"),
    "wrong_value": Text(
        "数据含有制表符和换行符（LF）以外的控制字符，或看不见的字符",
        "a value has control characters other than tab and line feed, or invisible ones",
    ),
}
"""Code of what is wrong with a row -> its name."""
