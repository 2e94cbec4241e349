"""The columns of each kind: their names in English and Chinese, and how a cell is read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devices.crs import Crs
from devices.ids import folded, id_fault
from devices.model import AdminState, DeviceClass, SiteClass, SpeedUnit
from devices.owners import canonical_phone
from devices.registration_faults import ADAPTERS, METER_WRAP_MAX_WH
from parkguard.importing.cells import (
    Reader,
    amounts,
    area,
    day_ms,
    degrees,
    device_id,
    hours,
    ids_of,
    one_of,
    our_id,
    plate,
    some_of,
    text_of,
    typed_id,
    whole,
    yes_no,
)
from parkguard.importing.kinds import CLASS_OF, Kind

INTERVAL_MAX_S = 604_800
"""A week, as in the API."""
PLACED = frozenset({"lat", "lon", "geometry"})
"""Columns with coordinates: a file that has one must name its ``--crs``."""
_SPACES = re.compile(r"[\s_\-./()]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        name: What it fills; the header of a template.
        also: Other headers that mean it.
        read: Cell to value; gets no empty cell.
        example: In a template.
        default: What an empty cell means.
    """

    name: str
    also: tuple[str, ...]
    read: Reader
    example: str = ""
    default: object = ""


def _id(name: str, *also: str, example: str, read: Reader = our_id) -> Column:
    """An id of ours: folded here; which form of it counts is said by what is registered."""
    return Column(name=name, also=also, read=read, example=example)


def _ref(name: str, *also: str, example: str) -> Column:
    return Column(name=name, also=also, read=typed_id, example=example, default=None)


_CLASSES = {
    "tracker": DeviceClass.TRACKER,
    "定位器": DeviceClass.TRACKER,
    "charger": DeviceClass.CHARGER,
    "充电桩": DeviceClass.CHARGER,
    "camera": DeviceClass.CAMERA,
    "摄像头": DeviceClass.CAMERA,
    "gateway": DeviceClass.GATEWAY,
    "网关": DeviceClass.GATEWAY,
}
_ADMIN = {
    "启用": AdminState.ACTIVE,
    "在用": AdminState.ACTIVE,
    "维护": AdminState.MAINTENANCE,
    "停用": AdminState.RETIRED,
    "报废": AdminState.RETIRED,
}
_SITE_CLASS = {
    "露天": SiteClass.OPEN,
    "街道": SiteClass.STREET,
    "楼间": SiteClass.CANYON,
    "车库": SiteClass.GARAGE,
    "室内": SiteClass.INDOOR,
}
_CONSENT = {
    "anti_theft": "anti_theft",
    "防盗": "anti_theft",
    "police_sharing": "police_sharing",
    "报警共享": "police_sharing",
    "公安共享": "police_sharing",
    "statistics": "statistics",
    "统计": "statistics",
}
_CONSENT_COLUMN = Column(
    name="consent",
    also=("同意", "授权", "同意事项"),
    read=some_of(_CONSENT),
    example="anti_theft police_sharing",
    default=(),
)
_AREA = Column(
    name="area",
    also=("区域", "区域编码", "网格", "网格编码", "grid"),
    read=area,
    example="34010400100101",
)
_NAME = Column(name="name", also=("名称", "名字"), read=text_of(64), example="North gate")
_LAT = Column(
    name="lat",
    also=("纬度", "latitude", "lat_deg"),
    read=degrees(90),
    example="31.820613",
    default=None,
)
_LON = Column(
    name="lon",
    also=("经度", "longitude", "lng", "lon_deg"),
    read=degrees(180),
    example="117.227239",
    default=None,
)
_GEOMETRY = Column(
    name="geometry", also=("边界", "范围", "wkt", "outline"), read=str.strip, default=None
)
_SITE_CLASS_COLUMN = Column(
    name="site_class",
    also=("停放环境", "环境"),
    read=one_of(SiteClass, _SITE_CLASS),
    example="open",
    default=None,
)
_PROFILE = (
    Column(
        name="speed_unit",
        also=("速度单位",),
        read=one_of(SpeedUnit, {"km/h": SpeedUnit.KMH, "节": SpeedUnit.KNOTS}),
        default=SpeedUnit.KMH,
    ),
    Column(
        name="reports_crs",
        also=("上报坐标系",),
        read=one_of(Crs, {"gcj-02": Crs.GCJ02, "bd-09": Crs.BD09, "wgs-84": Crs.WGS84}),
        default=Crs.WGS84,
    ),
    Column(name="decimal", also=("小数点",), read=text_of(1), default="."),
    Column(
        name="meter_wrap_wh",
        also=("电表回零", "电表回零wh"),
        read=whole(0, METER_WRAP_MAX_WH),
        default=0,
    ),
    Column(name="coins_fen", also=("硬币面值", "硬币面值分"), read=amounts, default=()),
)
_DEVICE = (
    _AREA,
    Column(name="model", also=("型号", "设备型号"), read=text_of(64), example="T1"),
    Column(name="vendor", also=("厂商", "厂家", "制造商"), read=text_of(64), example="Acme"),
    Column(
        name="interval_s", also=("上报间隔", "上报间隔秒"), read=whole(0, INTERVAL_MAX_S), default=0
    ),
    Column(
        name="admin",
        also=("状态", "使用状态"),
        read=one_of(AdminState, _ADMIN),
        default=AdminState.ACTIVE,
    ),
    *_PROFILE,
    Column(name="gateway", also=("所属网关",), read=typed_id),
    *(
        Column(name=f"foreign.{adapter}", also=(f"{adapter}_id",), read=text_of(256))
        for adapter in ADAPTERS
    ),
)
_DEVICE_ID = _id(
    "id", "设备编号", "设备号", "编号", "device_id", example="dev-000123", read=device_id
)
_VEHICLE = _ref("vehicle_id", "车辆编号", "车辆", "vehicle", example="veh-000123")
_SITE = _ref("site_id", "站点编号", "站点", "停放点", "site", example="site-0042")
_DEVICE_NAME = Column(name="name", also=("名称", "名字"), read=text_of(128), example="")
_CLASS = Column(
    name="class",
    also=("cls", "类别", "设备类别", "设备类型"),
    read=one_of(DeviceClass, _CLASSES),
    example="trk",
)
_STANDING = (_DEVICE_ID, _SITE, _DEVICE_NAME, _LAT, _LON, *_DEVICE)

_COLUMNS: Mapping[Kind, tuple[Column, ...]] = {
    Kind.VEHICLES: (
        _id("id", "车辆编号", "编号", "vehicle_id", example="veh-000123"),
        Column(
            name="plate",
            also=("车牌", "车牌号", "号牌", "车牌号码"),
            read=plate,
            example="皖A1234567",
        ),
        Column(name="label", also=("描述", "备注", "外观"), read=text_of(64), example="red Yadea"),
        Column(
            name="kind",
            also=("车型", "车辆类型", "类型"),
            read=text_of(64),
            example="e-bike",
            default="e-bike",
        ),
        _id("owner_id", "车主", "车主编号", "owner", example="owner-0001"),
        _AREA,
        Column(
            name="contacts",
            also=("联系人", "通知人"),
            read=ids_of(10, id_fault),
            example="owner",
            default=("owner",),
        ),
        _CONSENT_COLUMN,
        Column(name="auto_arm", also=("自动布防",), read=yes_no, example="yes", default=True),
        Column(
            name="site_class",
            also=("停放环境", "环境"),
            read=one_of(SiteClass, _SITE_CLASS),
            default=SiteClass.OPEN,
        ),
        Column(name="hours", also=("布防时段",), read=hours, default=()),
    ),
    Kind.OWNERS: (
        _id("id", "车主编号", "车主", "编号", "owner_id", example="owner-0001"),
        Column(name="name", also=("姓名", "车主姓名", "名字"), read=text_of(64), example=""),
        Column(
            name="phone",
            also=("电话", "手机", "手机号", "手机号码", "联系电话"),
            read=canonical_phone,
        ),
        _CONSENT_COLUMN,
        Column(name="consent_ref", also=("同意书编号", "授权书编号"), read=text_of(64)),
        Column(
            name="consent_at",
            also=("同意日期", "授权日期"),
            read=day_ms,
            example="2025-11-25",
            default=None,
        ),
    ),
    Kind.MODELS: (
        Column(name="id", also=("型号", "编号", "model"), read=text_of(64), example="T1"),
        _CLASS,
        Column(name="vendor", also=("厂商", "厂家", "制造商"), read=text_of(64), example="Acme"),
        *_PROFILE,
    ),
    Kind.SITES: (
        _id("id", "站点编号", "编号", "停放点编号", "site_id", example="site-0042"),
        Column(
            name="name",
            also=("站点名称", "名称", "站点", "停放点"),
            read=text_of(64),
            example="North gate",
        ),
        _AREA,
        _LAT,
        _LON,
        _GEOMETRY,
        _SITE_CLASS_COLUMN,
    ),
    Kind.GRIDS: (
        Column(
            name="id",
            also=("网格编码", "网格号", "编号", "grid_id"),
            read=area,
            example="34010400100101",
        ),
        Column(name="name", also=("网格名称", "名称", "网格"), read=text_of(64)),
        _GEOMETRY,
    ),
    Kind.TRACKERS: (_DEVICE_ID, _VEHICLE, _DEVICE_NAME, *_DEVICE),
    Kind.CHARGERS: _STANDING,
    Kind.CAMERAS: _STANDING,
    Kind.DEVICES: (_DEVICE_ID, _CLASS, _VEHICLE, *_STANDING[1:]),
}
NEEDED: Mapping[Kind, frozenset[str]] = {
    kind: frozenset({"id", "class"} if kind in {Kind.DEVICES, Kind.MODELS} else {"id"})
    for kind in Kind
}
"""Columns without which a file is refused, and cells that may not be empty."""


def columns_of(kind: Kind) -> dict[str, Column]:
    """The columns of a kind by name, in the order of its template."""
    return {column.name: column for column in _COLUMNS[kind]}


def named(kind: Kind, headers: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Say which column each header is.

    Returns:
        Names in the order of the headers, "" for a column that is passed over (``#`` before its
        name, or no name); and faults as (header, words).
    """
    by_word = {
        _plain(word): column.name
        for column in _COLUMNS[kind]
        for word in (*column.also, column.name)
    }
    names: list[str] = []
    faults: list[tuple[str, str]] = []
    for header in headers:
        word = _plain(header)
        name = "" if not word or word.startswith("#") else by_word.get(word)
        if name is None:
            known = ", ".join(columns_of(kind))
            faults.append(
                (header[:64], f"no such column of {kind}: {known}; # before it passes it over")
            )
        elif name and name in names:
            faults.append((header[:64], f"means {name}, as another column does: take one out"))
        names.append(name or "")
    missing = sorted(NEEDED[kind] - set(names))
    faults += [(name, "the column is missing") for name in missing if not faults]
    return names, faults


def template(kind: Kind) -> tuple[list[str], list[str]]:
    """Headers of a file of this kind, and one row as an example."""
    columns = columns_of(kind).values()
    cls = CLASS_OF.get(kind)
    return [column.name for column in columns], [
        column.example.replace("dev-", f"{cls.value}-") if cls else column.example
        for column in columns
    ]


def _plain(header: str) -> str:
    return _SPACES.sub("", folded(header).lower())
