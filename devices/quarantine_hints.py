"""What staff see of a refused message: what to do about its reason, its payload as text."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

import re
from collections.abc import Mapping
from typing import NamedTuple

from devices.errors import WireReason


class Hint(NamedTuple):
    """What to do next."""

    en: str
    zh: str


_R = WireReason
HINTS: Mapping[WireReason, Hint] = {
    _R.TOPIC: Hint(
        "mend the topic in the device's settings: pg/v1/up/CLASS/ID/CHANNEL",
        "请在设备设置中改正主题：pg/v1/up/类别/编号/通道",
    ),
    _R.CLASS: Hint(
        "register it with the class its topic names, or mend its topic",
        "按主题中的类别重新登记，或改正设备主题",
    ),
    _R.CHANNEL: Hint(
        "its class has no such channel: mend the device, or upgrade and replay",
        "该类别没有此通道：请改正设备，或升级后重放",
    ),
    _R.EMPTY: Hint(
        "an empty message says nothing: look at the device's firmware",
        "空消息：请检查设备固件",
    ),
    _R.SIZE: Hint(
        "over 64 KiB, or over the limit once unpacked: let the device send smaller batches",
        "超过 64 KiB 或解压后超限：请减小批量",
    ),
    _R.DEPTH: Hint(
        "nested too deep for real data: find out who sends it",
        "嵌套过深，不是正常数据：请查明来源",
    ),
    _R.UTF8: Hint(
        "no UTF-8 text: set the device to UTF-8, or the line is damaged",
        "不是 UTF-8 文本：请设置设备编码，或检查线路",
    ),
    _R.JSON: Hint(
        "cut off or no JSON: look at the payload; usually firmware or a full buffer",
        "JSON 不完整或有误：请查看内容，多为固件或缓冲区问题",
    ),
    _R.SHAPE: Hint(
        "a part is missing or of another kind: compare with docs/wire.md",
        "字段缺失或类型不符：请对照 docs/wire.md",
    ),
    _R.DUPKEY: Hint(
        "a key stands twice, and which is meant is not ours to guess: mend the firmware",
        "键重复，无法判断取哪一个：请修正固件",
    ),
    _R.ENCODING: Hint(
        "compressed or packed in a way we do not read, or damaged: see docs/wire.md",
        "压缩或编码无法识别，或已损坏：见 docs/wire.md",
    ),
    _R.VERSION: Hint(
        "made for a newer version of us: upgrade, then `parkguard quarantine replay "
        "--reason version`",
        "消息来自更新的协议版本：升级后执行 parkguard quarantine replay --reason version",
    ),
    _R.TYPE: Hint(
        "a word we do not know: upgrade and replay, or mend the device",
        "未知的类型词：升级后重放，或改正设备",
    ),
    _R.NUMBER: Hint(
        "text where a number must stand; for a decimal comma set the device's profile "
        "(decimal), then replay",
        "应为数字却是文本；若用逗号作小数点，请设置设备档案 decimal 后重放",
    ),
    _R.RANGE: Hint(
        "a value that cannot be: look at units and at the sensor",
        "数值超出可能范围：请检查单位和传感器",
    ),
    _R.TIME: Hint(
        "a time that cannot be told: set the device's clock",
        "时间无法识别：请校准设备时钟",
    ),
    _R.ID: Hint(
        "the id inside is not the topic's: two devices share a login, or one was cloned",
        "消息内编号与主题不符：可能两台设备共用账号或被克隆",
    ),
    _R.RETAINED: Hint(
        "an old message kept by the broker: clear it there; let the device not retain",
        "代理保留的旧消息：请清除，并关闭设备的 retain",
    ),
    _R.UNKNOWN_DEVICE: Hint(
        "register it: `parkguard quarantine adopt ID --class CLASS` takes its held messages; "
        "a name like jt808:0139 is an adapter's stranger: add `--foreign jt808=0139`",
        "请登记设备：parkguard quarantine adopt 编号 --class 类别，会同时处理已保留的消息；"
        "名称如 jt808:0139 来自适配器，请加 --foreign jt808=0139",
    ),
    _R.REVOKED: Hint(
        "the device is retired and still sends: take it off, or register it again",
        "设备已停用但仍在发送：请拆除，或重新登记",
    ),
    _R.CONTROL: Hint(
        "written by a newer version of our own API: upgrade this part",
        "由更新版本的 API 写入：请升级本程序",
    ),
    _R.TEXT: Hint(
        "a text too long or with forbidden characters: mend the firmware",
        "文本过长或含非法字符：请修正固件",
    ),
    _R.CONFLICT: Hint(
        "the same number with another content: the device re-uses numbers, or was cloned",
        "同一序号内容不同：设备重复编号或被克隆",
    ),
    _R.GATEWAY: Hint(
        "this gateway may not speak for that device: set the device's profile (gateway)",
        "该网关无权代表此设备：请在设备档案中设置 gateway",
    ),
}
"""A hint for every reason; docs/quarantine.md has them too."""

NO_HINT = Hint(
    "a reason of another version of us: see docs/quarantine.md", "其他版本的原因：见文档"
)


def hint_of(reason: str) -> Hint:
    """The hint of a stored reason."""
    try:
        return HINTS[WireReason(reason)]
    except (ValueError, KeyError):
        return NO_HINT


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def one_line(text: str) -> str:
    """Give text without anything that moves a terminal's cursor or breaks a line of a log."""
    return _CONTROL.sub(escaped, text)


def escaped(found: re.Match[str]) -> str:
    """The escape of one character."""
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"  # noqa: PLR2004 - two digits


def text_of(payload: bytes) -> str | None:
    """Give a payload as text, when it is UTF-8 that can be shown."""
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if _UNPRINTABLE.search(text) else text
