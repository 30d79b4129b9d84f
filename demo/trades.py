"""The occupations that ads are about: NAV's two levels, STYRK08, ESCO and JANZZ."""

from hashlib import blake2b
from random import Random
from typing import NamedTuple


class Trade(NamedTuple):
    """An occupation: NAV's levels, its title in Norwegian and English, its STYRK08 code and name."""

    level1: str
    level2: str
    title: str
    english: str
    code: str
    name: str


# Level 1, its count among 2,000 ads, then level 2 | title | English title | STYRK08 | its name.
_TRADES = (
    (
        "Helse og sosial",
        863,
        "Sykepleier|Sykepleier|Nurse|2223|Sykepleiere",
        "Helse|Helsefagarbeider|Healthcare worker|5321|Helsefagarbeidere",
        "Helse|Vernepleier|Social educator|2224|Vernepleiere",
        "Lege|Fastlege|General practitioner|2211|Allmennpraktiserende leger",
        "Sosial|Miljøterapeut|Milieu therapist|3412|Miljøarbeidere innen sosiale fagfelt",
        "Psykologer og terapeuter|Fysioterapeut|Physiotherapist|2264|Fysioterapeuter",
        "Helse|Personlig assistent|Personal assistant|5322|Hjemmehjelper",
    ),
    (
        "Utdanning",
        344,
        "Barnehage|Barnehagelærer|Preschool teacher|2342|Barnehagelærere",
        "Grunnskole|Grunnskolelærer|Primary school teacher|2341|Grunnskolelærere",
        "Videregående skole|Lektor|Secondary school teacher|2330|Lektorer mv.",
        "SFO|Barne- og ungdomsarbeider|Child care worker|5311|Barnehage- og skolefritidsassistenter",
        "Universitet|Stipendiat|PhD fellow|2310|Universitets- og høyskolelektorer/-lærere",
    ),
    (
        "Salg og service",
        303,
        "Salg, butikk- og varehandel|Butikkmedarbeider|Shop assistant|5223|Butikkmedarbeidere",
        "Kundeservice|Kundebehandler|Customer adviser|4222|Kundesentermedarbeidere",
        "Salg|Selger|Sales representative|3322|Selgere (engros)",
        "Renhold|Renholder|Cleaner|9112|Renholdere i bedrifter",
    ),
    (
        "Kontor og økonomi",
        211,
        "Økonomi|Regnskapsfører|Accountant|3313|Regnskapsførere",
        "Kontor|Saksbehandler|Case officer|4110|Kontormedarbeidere",
        "Personal, arbeidsmiljø og rekruttering|HR-rådgiver|HR adviser|2423|Personalrådgivere",
        "Ledelse|Avdelingsleder|Head of department|1219|Ledere av andre administrative enheter",
    ),
    (
        "Håndverkere",
        168,
        "Elektriker|Elektriker|Electrician|7411|Elektrikere",
        "Tømrer og snekker|Tømrer|Carpenter|7115|Tømrere og snekkere",
        "Rørlegger|Rørlegger|Plumber|7126|Rørleggere og VVS-montører",
        "Bilmekaniker|Bilmekaniker|Car mechanic|7231|Bilmekanikere",
    ),
    (
        "Reiseliv og mat",
        98,
        "Restaurant|Kokk|Cook|5120|Kokker",
        "Restaurant|Servitør|Waiter|5131|Servitører",
        "Hotell|Resepsjonist|Receptionist|4224|Hotellresepsjonister",
    ),
    (
        "Transport og lager",
        78,
        "Vei|Lastebilsjåfør|Lorry driver|8332|Lastebil- og trailersjåfører",
        "Lager|Lagermedarbeider|Warehouse worker|4321|Lagermedarbeidere",
        "Buss|Bussjåfør|Bus driver|8331|Bussjåfører og trikkeførere",
    ),
    (
        "Industri",
        71,
        "Mekaniker|Industrimekaniker|Industrial mechanic|7233|Anleggsmaskin- og industrimekanikere",
        "Operatør|Prosessoperatør|Process operator|8131|Operatører innen kjemisk industri",
        "Sveiser|Sveiser|Welder|7212|Sveisere",
    ),
    (
        "Bygg og anlegg",
        70,
        "Bygg|Prosjektleder bygg|Construction manager|3123|Arbeidsledere, bygg og anlegg",
        "Anlegg|Maskinfører|Machine operator|8342|Anleggsmaskinførere",
        "Ingeniør|Byggingeniør|Civil engineer|3112|Bygningsingeniører",
    ),
    (
        "IT",
        53,
        "Utvikling|Systemutvikler|Software developer|2512|Programvareutviklere",
        "Drift, vedlikehold|IT-driftstekniker|IT operations technician|3511|Driftsteknikere, IKT",
        "Analyse|Dataingeniør|Data engineer|2511|Systemanalytikere/-arkitekter",
    ),
    (
        "Kultur",
        34,
        "Journalistikk|Journalist|Journalist|2642|Journalister",
        "Musikk|Musikkpedagog|Music teacher|2354|Andre musikklærere",
        "Bibliotek|Bibliotekar|Librarian|2622|Bibliotekarer og andre informasjonsarbeidere",
    ),
    (
        "Sikkerhet",
        30,
        "Vekter|Vekter|Security guard|5414|Vektere",
        "Brann|Brannkonstabel|Firefighter|5411|Brannkonstabler",
    ),
    (
        "Natur og miljø",
        26,
        "Fiske og akvakultur|Røkter|Fish farm technician|6221|Havbruksarbeidere",
        "Landbruk|Gartner|Gardener|6113|Gartnere",
    ),
)

_BY_LEVEL1 = {
    level1: tuple(Trade(level1, *line.split("|")) for line in lines) for level1, _, *lines in _TRADES
}
_BY_SHARE = tuple(level1 for level1, share, *_ in _TRADES for _ in range(share))
_ALL = tuple(trade for trades in _BY_LEVEL1.values() for trade in trades)


def draw_trade(rng: Random) -> Trade:
    """An occupation, level 1 by its share of ads."""
    trades = _BY_LEVEL1[_BY_SHARE[int(rng.random() * len(_BY_SHARE))]]
    return trades[int(rng.random() * len(trades))]


def draw_second(rng: Random, first: Trade) -> Trade:
    """Another occupation, of another level 1: ads that name two are rarer in each."""
    while True:
        other = draw_trade(rng)
        if other.level1 != first.level1:
            return other


def esco_uri(trade: Trade) -> str:
    """The ESCO occupation URI of a trade (made up, in ESCO's form)."""
    digest = blake2b(trade.title.encode(), digest_size=16).hexdigest()
    parts = (digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:])
    return "http://data.europa.eu/esco/occupation/" + "-".join(parts)


def isco_uri(trade: Trade) -> str:
    """The URI of the ISCO group of a trade: not an occupation, though ESCO entries carry it."""
    return f"http://data.europa.eu/esco/isco/c{trade.code}"


def janzz_code(trade: Trade) -> str:
    """The JANZZ concept number of a trade (made up)."""
    return str(100_000 + _ALL.index(trade) * 613)


def neighbour(trade: Trade) -> Trade:
    """The trade after this one: what a classifier takes it for at times."""
    return _ALL[(_ALL.index(trade) + 1) % len(_ALL)]
