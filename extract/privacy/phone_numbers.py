"""Phone numbers: the text of a view -> spans.

A phone number has a country code (`+46 ...`, `0047 ...`), or eight digits in a form in which Norwegians write
them, or a word that announces it (`tlf`, `ring`). Links, dates, times, amounts, series and what another word
announces (`ref. nr.`, `versjon`) are none. In doubt a number is masked.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from extract.privacy.view import TAKEN, Span

_DASH = r"[\-\u2010-\u2015\u2212]"
_SPACE = r"\s{1,3}"
_JOINT = rf"(?:\s{{0,3}}[()]{{0,2}}\s{{0,2}}|[.·∙⋅•\u2044/_]|{_DASH})"
_USUAL_FORMS = ["2222", "323"]  # digits of each group
_FORMS = [*_USUAL_FORMS, "332", "44", "53", "35", "26", "1223", "233", "422", "224"]


def _forms(forms: list[str], joint: str, is_sign: bool = True) -> str:
    digits = [joint.join(rf"\d{{{size}}}" for size in form) for form in forms]
    return "|".join(rf"(?<!\d{joint}){form}(?!{joint}\d)" if is_sign else form for form in digits)


_EIGHT_DIGITS = "|".join(
    (
        r"\d{8}",
        _forms([*_FORMS, "1" * 8], _SPACE, False),
        _forms(_FORMS, _DASH),
        _forms(_USUAL_FORMS, "[.·∙⋅•\u2044/_]"),
    )
)
_NUMBER = re.compile(
    rf"(?P<abroad>(?:\(?(?<![\w+)])\+\s?\(?|(?<!\d)00\s?(?=47)|(?<!\d)00(?=[1-9]))"
    rf"(?:47\)?(?:{_JOINT}?\d){{8}}|\d(?:{_JOINT}?\d){{7,14}}|\d(?:{_JOINT}?\d){{2,6}}\s/\s\d{{5,8}})(?!\d))"
    rf"|(?<!\d)(?P<eight>(?:47\s?)?(?=[2-9])(?:{_EIGHT_DIGITS}))(?!\d)"
    rf"|(?<!\d)(?:0\d{{1,3}}\s/\s\d(?:{_JOINT}?\d){{4,7}}|\d(?:(?:{_JOINT}|\s{_DASH}\s)?\d){{4,11}})(?!\d)"
)
_DENIED_DIGITS = re.compile(rf"\d+(?:{_JOINT}?\d){{0,10}}(?!\d)")

_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
_DATE = (
    rf"(?:{_DAY}[./]{_MONTH}[./\-](?:{_YEAR}|\d\d)|{_DAY}[ \-]{_MONTH}[ \-]{_YEAR}"
    rf"|{_YEAR}[\-./]{_MONTH}[\-./]\d\d(?:-\d+)?)"
)
_TIME = r"(?:(?:[01]?\d|2[0-4])[.:]|[01]\d|2[0-4])[0-5]\d"
_PHONE_LINK = r"(?:wa\.me/|/(?=\+\d{8})|[?&;/](?:phone|tlf|telefon|tel|mobil|mob|number|to)\w{0,8}=)"
_LINK = re.compile(
    rf"(?:(?<!tel)(?<!callto)(?<!sms)://|www\.|\.(?<!wa\.)[a-zA-Z]{{2,6}}[/?])(?:(?!{_PHONE_LINK})[^\s\x00\x02<>\"'])*"
)
_DATE_OR_TIME = re.compile(
    rf"(?<![\d.+])(?<!\d[/\-])(?:{_DATE}(?:\s?{_DASH}\s?{_DATE})?(?![.·/]?\d|{_DASH}\d)"
    rf"|{_TIME}\s?{_DASH}\s?{_TIME}(?!\d)|{_YEAR}\s?(?:/|{_DASH})\s?{_YEAR}(?!\d))"
    r"|(?<![\d.])\d{1,3}[.,]\d{5,}(?!\d)"
)
_DATE_OF_DIGITS = re.compile(r"20[1-3]\d(?:0[1-9]|1[0-2])[0-3]\d|[0-3]\d(?:0[1-9]|1[0-2])20[1-3]\d")
_ROUND = re.compile(
    r"\d{4}0000|\d{1,3}(?:[\s.]\d{3}){0,2}[\s.]000|\d+\D\d+000|\d\d00\D\d\d00"
    rf"|{_YEAR}\D{_YEAR}|\d\d\D\d\d\D{_YEAR}"
)
_UNIT_AFTER = re.compile(
    r"\s{0,3}(?:%|prosent|kr\b|kroner|nok\b|mill|mrd|eur|,-|[.,]\d{1,2}(?!\d)|timer|tonn|kg\b|km|m2|m²|kvm|kvadrat"
    r"|stk|liter|[kmgt]?wh?\b|passasjer|innbygg|ansatt|tilsett|kunder|medlem|bruker|brukar|menneske|person|deltak|elev"
    r"|student|pasient|besøk|gjest|(?:per|pr\.?|i)\s(?:år|time|måned|støtte|omsetning|lønn|tillegg)|hours|employees"
    r"|people|customers|users|inhabitants|passengers|visitors|records)",
    re.IGNORECASE,
)
_RUN = re.compile(r"\d(?:[^\w\x00\x02]{0,7}_?\d){4,}")
_FIRST_DIGITS = re.compile(r"\D*\d+")
_LETTERS_BEFORE = re.compile(r"(?:[A-Z_]|[A-Z]-|(?<![^\W\d_])[^\W\d_]{1,2})\Z")
_LETTERS_AFTER = re.compile(r"[a-zæøå_]|[A-Z]\d|-?[A-Z]{2}|-\w{4}-")

_REACH = 64  # characters
_UP_TO_NUMBER = r"(?:[^\w\x00]{1,4}(?:er|is|nr|no|nummer|på|to|til|ca|om|of|for))?[^\w\x00]{0,6}\Z"
_DENIED = re.compile(
    r"(?:(?<!\w)(?!(?:tlf|tele|tel|mob|direkte|sentral|vakt|hoved|privat|kontakt|ring|på|til|er)\w*)\w+[\s.\-]{0,2}"
    r"(?:nummer|numer|nr|kode[rn]?|kodar|code|ref)|(?:ref\w*|org\w*|account|registration|invoice|case|order|project|job"
    r"|course|serial|position|vacancy|customer|member\w*|company|vat|tax)[\s.]{0,2}(?:number|no)|(?<!\w)(?:id|\w+-id"
    r"|(?:job|jobb|ad|advert|stillings|annonse|kunde|vacancy|user|bruker)id|ref|\w*referanse|reference|sak|saks|arkivsak|finn"
    r"|stilling|annonse|utlysning|job|req\w*|kid|build|ordre|sn|s/n|v(?=\.)|firmware|release|gateway|ping|isbn|issn|iso|lov|forskrift|ns|en|nace|styrk|isco|kap|kapittel"
    r"|gnr|bnr|klasse[rn]?|class|trinn|årskull|uker?|veker?|weeks?|turnus|skift|shift|vakter|kval|rom|room|sal|versjon"
    r"|version|ver|ubuntu|ip|ip-\w+|server|host|dns|subnet|port|serial|ttl|postboks|pb|boks|box|budsjett|budget"
    r"|omsetning|omset\w*|revenue|turnover|kr|nok|eur|usd|sek|dkk|kroner|konto|account|ca|cirka|circa|omtrent|omlag|lag"
    r"|nesten|enn|totalt|over|rundt|about|around|nearly|approximately|nærmere|inntil|lønn|lønnstrinn|modell?|type|del|part|batch)"
    r"|[€$£§#])" + _UP_TO_NUMBER
)
_DEVICE = re.compile(
    rf"(?:(?<![^\W\d_])(?:tlf|telefon|tel|mob|mobil|mobiltelefon|phone|telephone|cell|mobile|sentralbord|vakttelefon"
    rf"|direkte|fax|faks|fon|callto|skype|viber|whatsapp|sms)(?:nr|nummer|numer|no)?|{_PHONE_LINK})"
    rf"(?:[^\w\x00]{{0,4}}(?:nr|nummer|no|number))?{_UP_TO_NUMBER}"
)
_CALL = (
    r"(?<![^\W\d_])(?:ring\w{0,3}|kontakt\w{0,3}|nå(?:e?s|r)|treff\w{0,3}|call|contact|reach|nummer|number"
    r"|[tmp](?=\s?[:.]))"
)
_CALL_BEFORE = re.compile(_CALL + _UP_TO_NUMBER)
_CALL_SOMEWHERE = re.compile(rf"(?:{_CALL}|tlf|telefon|mobil|phone)(?![^\W\d_])[^\d\x00]{{0,45}}\Z")


def phones(text: str) -> Iterator[Span]:
    """Spans of the phone numbers in the text of a view without its gaps."""
    if not _RUN.search(text):
        return
    text = _LINK.sub(lambda link: TAKEN * len(link[0]), text)
    for run in _RUN.finditer(text):
        first = max(0, run.start() - _REACH)
        around = _DATE_OR_TIME.sub(lambda date: TAKEN * len(date[0]), text[first : run.end() + _REACH])
        for start, end in _phones_in(around, run.start() - first, run.end() - first):
            yield Span(first + start, first + end, "[phone]")


def _phones_in(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Phone numbers in the digits between two places of a text, and what stands right before these."""
    done = 0
    number = _NUMBER.search(text, max(0, start - 4), end)
    while number:
        before = text[max(done, number.start() - _REACH) : number.start()].lower()
        is_announced = number["abroad"] is not None or _DEVICE.search(before) is not None
        if not is_announced and _DENIED.search(before):
            place = _end(_DENIED_DIGITS, number)
        elif _is_phone(number, before):
            yield number.span()
            place = done = number.end()
        else:  # the next digits may be one
            place = _end(_FIRST_DIGITS, number)
        number = _NUMBER.search(text, place, end)


def _end(pattern: re.Pattern[str], number: re.Match[str]) -> int:
    match = pattern.match(number.string, number.start())
    return match.end() if match else number.end()


def _is_phone(number: re.Match[str], before: str) -> bool:
    is_device = _DEVICE.search(before) is not None
    is_called = is_device or _CALL_BEFORE.search(before) is not None
    is_round = _ROUND.fullmatch(number[0].lstrip("(+ ")) is not None
    is_amount = is_round or _UNIT_AFTER.match(number.string, number.end()) is not None
    if is_device or number["abroad"]:
        return is_called or not is_amount
    digits = re.sub(r"\D", "", number[0])
    if is_amount or _DATE_OF_DIGITS.fullmatch(digits):
        return False
    is_long = len(digits) >= 8 or len(number[0]) == 5
    if (is_called and is_long) or (number["eight"] and not _is_part(number)):
        return True
    is_likely = (len(digits) == 8 and digits[0] in "23456789") or (len(digits) >= 8 and digits[0] == "0")
    return is_likely and _CALL_SOMEWHERE.search(before) is not None


def _is_part(number: re.Match[str]) -> bool:
    """Whether the digits are a part of a code (`AB12345678`) or a series (`21 22 23 24`)."""
    parts = list(map(int, re.findall(r"\d+", number[0])))
    steps = {later - earlier for earlier, later in pairwise(parts)}
    if len(parts) == 4 and steps <= {1, 2, 3, 4}:
        return True
    start, end = number.span()
    before, after = number.string[max(0, start - 3) : start], number.string[end : end + 6]
    return _LETTERS_BEFORE.search(before) is not None or _LETTERS_AFTER.match(after) is not None
