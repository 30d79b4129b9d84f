"""Language of an ad by its commonest words: lower-case text -> 'nb', 'nn', 'en', 'other' or None.

Bokmål and nynorsk differ by the words that only one of them has. Danish and Swedish share most words with
them, so a text with one of their own in 25 words is neither. A short nynorsk sentence without a word that
bokmål lacks is taken for bokmål.
"""

from collections import Counter

# No word stands in two of the lists.
_NORWEGIAN = (
    "og i på med til for som det er av om vi du har kan skal vil den må deg oss ved eller hos våre vår "
    "vårt ditt din arbeid erfaring søknad stilling"
)
_BOKMAL = (
    "ikke en et fra hva hvem hvor hvordan hvis noe noen jeg mer kun bare selv hver mye deres dere være "
    "blir ble også gjøre gjør arbeider søker ønsker stillingen oppgaver arbeidsoppgaver kvalifikasjoner "
    "egenskaper muligheter ansatte"
)
_NYNORSK = (
    "ikkje ein ei eit frå kva kven kor korleis noko nokon nokre eg meir berre sjølv kvar mykje dykk "
    "dykkar vere vera vert kjem gjer gjere søkjer ønskjer ynskjer stillinga oppgåver arbeidsoppgåver "
    "kvalifikasjonar eigenskapar tilsette dei desse høve saman heile mogleg moglegheiter arbeidstakar "
    "medarbeidarar søkjar løn"
)
_ENGLISH = (
    "the and of you we with is are our your will as or that this by from have experience work skills "
    "looking who it not can"
)
_DANISH_SWEDISH = (
    "af jer vores os dig meget hvad efter uden nogle mellem arbejde mulighed blive opgaver ansøgning och "
    "att är för från inte arbetar ansökan våra arbete också"
)
# German; Polish; French; Spanish; Finnish and the Baltic languages
_OTHER = (
    "und die das wir ist mit für sie eine nicht auf von zu bei im się na oraz jest nie do pracy dla praca "
    "le la les des vous nous une est pour dans avec el los las que una por con para ja että ir ar su kad"
)

_FEWEST_WORDS = 6
_ENOUGH = 20_000  # characters; a longer text tells nothing more


def language_of(lower: str) -> str | None:
    """The language of most of a text in lower case; None for fewer than six words."""
    words = lower[:_ENOUGH].split()
    if len(words) < _FEWEST_WORDS:  # a script without spaces between its words is no short text
        return "other" if len("".join(words)) > 20 * _FEWEST_WORDS else None
    count = Counter(words)
    lists = (_NORWEGIAN, _BOKMAL, _NYNORSK, _ENGLISH, _DANISH_SWEDISH, _OTHER)
    both, bokmal, nynorsk, english, neighbour, other = (sum(count[w] for w in each.split()) for each in lists)
    norwegian = both + bokmal + nynorsk
    best = max(norwegian, english, other)
    if best * 25 < len(words):  # prose has one such word in three
        return "other" if len(words) >= 4 * _FEWEST_WORDS else None
    if english == best:
        return "en"
    if norwegian < best or neighbour * 25 >= len(words):
        return "other"
    # as much of either, or nothing: the form of nine ads in ten
    return "nn" if nynorsk > bokmal else "nb"
