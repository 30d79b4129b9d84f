"""Norway's counties of 2024 with real municipalities, weighted as ads are."""

from collections.abc import Iterator
from itertools import chain
from random import Random
from typing import NamedTuple


class Place(NamedTuple):
    """A municipality; names in upper case, as the feed has them."""

    county: str
    municipal: str
    city: str
    postal_code: str


# County, its share among 2,000 ads, and its municipalities as NAME or NAME/CITY with postal code.
# HERØY and VÅLER stand under two counties each: only the county tells them apart.
_COUNTIES = (
    ("OSLO", 351, "OSLO 0159"),
    (
        "VESTLAND",
        281,
        "BERGEN 5014,BERGEN 5020,ØYGARDEN/STRAUME 5353,ASKØY/KLEPPESTØ 5300,BJØRNAFJORDEN/OS 5200,"
        "SUNNFJORD/FØRDE 6800,VOSS 5700,STORD 5411,KINN/FLORØ 6900,SOGNDAL 6856,ALVER/KNARVIK 5914,"
        "ULVIK 5730,KVINNHERAD/ROSENDAL 5470,STAD/NORDFJORDEID 6770",
    ),
    (
        "AKERSHUS",
        256,
        "BÆRUM/SANDVIKA 1337,LILLESTRØM 2000,ASKER 1384,NORDRE FOLLO/SKI 1400,LØRENSKOG 1473,"
        "ULLENSAKER/JESSHEIM 2050,EIDSVOLL 2080,FROGN/DRØBAK 1440,ÅS 1430,NES/ÅRNES 2150,"
        "AURSKOG-HØLAND/BJØRKELANGEN 1940",
    ),
    (
        "ROGALAND",
        192,
        "STAVANGER 4006,SANDNES 4306,HAUGESUND 5528,SOLA 4050,KARMØY/KOPERVIK 4250,KLEPP 4352,"
        "EIGERSUND/EGERSUND 4370,STRAND/JØRPELAND 4100,HÅ/VARHAUG 4360,TYSVÆR/AKSDAL 5570",
    ),
    (
        "INNLANDET",
        190,
        "HAMAR 2317,LILLEHAMMER 2609,GJØVIK 2815,RINGSAKER/BRUMUNDDAL 2380,ELVERUM 2406,"
        "KONGSVINGER 2211,VÅLER/VÅLER I SOLØR 2436,TRYSIL 2420,NORD-FRON/VINSTRA 2640,LOM 2686,"
        "SØR-ODAL/SKARNES 2100,VESTRE TOTEN/RAUFOSS 2830",
    ),
    (
        "TRØNDELAG",
        140,
        "TRONDHEIM 7013,TRONDHEIM 7030,STEINKJER 7713,STJØRDAL 7500,LEVANGER 7600,NAMSOS 7800,"
        "ORKLAND/ORKANGER 7300,LEKA 7994,OPPDAL 7340,FRØYA/SISTRANDA 7260",
    ),
    (
        "NORDLAND",
        92,
        "BODØ 8006,RANA/MO I RANA 8622,NARVIK 8514,VEFSN/MOSJØEN 8656,FAUSKE 8200,"
        "HERØY/HERØY 8850,VÅGAN/SVOLVÆR 8300,ALSTAHAUG/SANDNESSJØEN 8800,BRØNNØY/BRØNNØYSUND 8900",
    ),
    (
        "MØRE OG ROMSDAL",
        88,
        "ÅLESUND 6002,MOLDE 6413,KRISTIANSUND/KRISTIANSUND N 6509,HERØY/FOSNAVÅG 6090,VOLDA 6100,"
        "ØRSTA 6150,ULSTEIN/ULSTEINVIK 6065,SURNADAL 6650,VESTNES 6390",
    ),
    (
        "AGDER",
        80,
        "KRISTIANSAND/KRISTIANSAND S 4611,ARENDAL 4836,GRIMSTAD 4878,LINDESNES/MANDAL 4515,"
        "FARSUND 4550,FLEKKEFJORD 4400,LYNGDAL 4580,VENNESLA 4700",
    ),
    (
        "BUSKERUD",
        70,
        "DRAMMEN 3015,KONGSBERG 3616,RINGERIKE/HØNEFOSS 3510,LIER 3400,HOL/GEILO 3580,"
        "ØVRE EIKER/HOKKSUND 3300,MODUM/VIKERSUND 3370",
    ),
    (
        "ØSTFOLD",
        68,
        "FREDRIKSTAD 1606,SARPSBORG 1706,MOSS 1530,HALDEN 1776,INDRE ØSTFOLD/ASKIM 1830,"
        "VÅLER/VÅLER I ØSTFOLD 1592,RÅDE 1640",
    ),
    (
        "VESTFOLD",
        60,
        "TØNSBERG 3110,SANDEFJORD 3210,LARVIK 3256,HORTEN 3187,FÆRDER/TJØME 3145,HOLMESTRAND 3080",
    ),
    (
        "TROMS",
        52,
        "TROMSØ 9008,HARSTAD 9405,SENJA/FINNSNES 9300,BARDU/SETERMOEN 9360,MÅLSELV/BARDUFOSS 9325",
    ),
    (
        "TELEMARK",
        46,
        "SKIEN 3724,PORSGRUNN 3916,NOTODDEN 3674,BAMBLE/LANGESUND 3970,TINN/RJUKAN 3660,VINJE 3890",
    ),
    (
        "FINNMARK",
        30,
        "ALTA 9510,HAMMERFEST 9600,SØR-VARANGER/KIRKENES 9900,VADSØ 9800,KARASJOK 9730",
    ),
    ("SVALBARD", 4, "SVALBARD/LONGYEARBYEN 9170"),
)


def _read(county: str, line: str) -> Place:
    name, _, postal_code = line.rpartition(" ")
    municipal, _, city = name.partition("/")
    return Place(county, municipal, city or municipal, postal_code)


_PLACES = {county: tuple(_read(county, line) for line in lines.split(",")) for county, _, lines in _COUNTIES}
# One county an entry and drawn as often as it has ads: a plain index is much faster than weights.
_BY_SHARE = tuple(county for county, share, _ in _COUNTIES for _ in range(share))

_STREETS = (
    "Storgata",
    "Kirkegata",
    "Skolegata",
    "Havnegata",
    "Industriveien",
    "Strandgata",
    "Torget",
    "Stasjonsveien",
    "Sjøgata",
    "Parkveien",
    "Fjellvegen",
    "Elveveien",
)


def all_places() -> Iterator[Place]:
    """Every place that can be drawn."""
    return chain.from_iterable(_PLACES.values())


def draw_place(rng: Random) -> Place:
    """A place, counties by their share of ads; the first places of a county come more often."""
    places = _PLACES[_BY_SHARE[int(rng.random() * len(_BY_SHARE))]]
    return places[int(rng.random() ** 1.6 * len(places))]


def draw_address(rng: Random) -> str:
    """A street with a number."""
    return f"{_STREETS[int(rng.random() * len(_STREETS))]} {int(rng.random() * 120) + 1}"


def proper(name: str) -> str:
    """An upper-case place name as it is written in a text."""
    return name.title().replace(" Og ", " og ").replace(" I ", " i ")
