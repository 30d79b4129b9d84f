"""What the text of an ad says, rule by rule, in bokmål, nynorsk and English."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.features.html_text import plain_text
from extract.features.rules import features, of_ad
from extract.privacy.redact import redact

REMOTE = [
    "Vi tilbyr mulighet for hjemmekontor.",
    "Du kan ha hjemmekontor to dager i uka.",
    "Fleksibel arbeidstid og delvis hjemmekontor",
    "Du kan jobbe hjemmefra ved behov.",
    "Ikke bare gode kolleger, men også hjemmekontor.",
    "Vi har ikke kantine, men tilbyr hjemmekontor.",
    "Fjernarbeid kan avtales.",
    "Det er mogleg med heimekontor nokre dagar.",
    "Du kan arbeide delvis heimefrå.",
    "Home office two days a week.",
    "This is a fully remote position.",
    "You can work remotely from anywhere in Europe.",
    "We offer hybrid work.",
    "Utvikler (remote)",
    "Hybrid/remote",
    "You may work up to 50% from home.",
]
NOT_REMOTE = [
    "Det er ikke mulighet for hjemmekontor.",
    "Stillingen har dessverre ikke hjemmekontor.",
    "Hjemmekontor er ikke aktuelt i denne stillingen.",
    "Hjemmekontor tilbys ikke.",
    "Det er ikkje høve til heimekontor.",
    "Stillinga er utan heimekontor.",
    "No remote work.",
    "Remote work is not possible.",
    "Experience with remote sensing is needed.",
    "You will travel to remote areas.",
    "Pilot of remotely operated vehicles",
    "Du skal vedlikeholde hybridbiler.",
    "Vi har kontor i sentrum.",
    "Hybrid cloud and remote monitoring",
]
LICENCE = [
    "Du må ha førerkort klasse B.",
    "Førerkort klasse B",
    "Krav om førerkort kl. B",
    "Det er et krav at du har førerkort, men ikke egen bil.",
    "Førerkort klasse C1 er nødvendig.",
    "Sertifikat for bil",
    "Du har sertifikat klasse B.",
    "Du må ha førarkort klasse B.",
    "Må disponere bil og ha førerkort",
    "Valid driver's license is required.",
    "Valid driver’s licence (class B)",
    "You need a driving licence.",
    "Førerkort klasse B, gode norskkunnskaper er en fordel.",
    "Førerkort klasse B, gjerne også C.",
    "Førerkort. Erfaring er en fordel.",
]
NO_LICENCE = [
    "Førerkort er en fordel.",
    "Førerkort klasse B, en fordel",
    "Førerkort kl. B er ønskelig.",
    "Gjerne førerkort klasse B.",
    "Det er en fordel om du har førerkort.",
    "Det er ønskelig med førerkort.",
    "Førerkort er ikke nødvendig.",
    "Førerkort er ikke et krav.",
    "Det er ikke krav om førerkort.",
    "Du trenger ikke førerkort.",
    "Førarkort er ein fordel.",
    "Det er ikkje krav om førarkort.",
    "Truckførerkort er påkrevd.",
    "Du må ha truckførerkort T1-T4.",
    "Driver's license is an advantage.",
    "Driving licence preferred.",
    "A driving licence is not required.",
    "Software licence management",
    "Sertifikat i Azure",
    "Førerkort og egen bil er en fordel.",
]
POLICE = [
    "Politiattest må fremvises ved tiltredelse.",
    "Gyldig politiattest kreves.",
    "Den som blir ansatt må levere barneomsorgsattest/politiattest.",
    "Politiattest må leggjast fram før tilsetjing.",
    "A police certificate must be presented.",
    "You must provide a certificate of good conduct.",
    "Politiattest ikke eldre enn tre måneder",
    "Det er krav om politiattest.",
]
NO_POLICE = [
    "Det er ikke krav om politiattest.",
    "Politiattest er ikke nødvendig.",
    "Politiattest kreves ikke.",
    "Det er ikkje krav om politiattest.",
    "No police certificate is needed.",
    "A police certificate is not required.",
    "Du blir kollega med politiet.",
]


@pytest.mark.parametrize("text", REMOTE)
def test_mentions_remote_work(text: str) -> None:
    assert features(None, f"<p>Om jobben.</p><p>{text}</p><p>Søk nå.</p>").mentions_remote_work


@pytest.mark.parametrize("text", NOT_REMOTE)
def test_does_not_mention_remote_work(text: str) -> None:
    assert not features(None, f"<p>Om jobben.</p><p>{text}</p><p>Søk nå.</p>").mentions_remote_work


@pytest.mark.parametrize("text", LICENCE)
def test_requires_driving_licence(text: str) -> None:
    assert features(None, f"<ul><li>Blid</li><li>{text}</li></ul>").requires_driving_licence


@pytest.mark.parametrize("text", NO_LICENCE)
def test_does_not_require_driving_licence(text: str) -> None:
    assert not features(None, f"<ul><li>Blid</li><li>{text}</li></ul>").requires_driving_licence


@pytest.mark.parametrize("text", POLICE)
def test_requires_police_certificate(text: str) -> None:
    assert features(None, f"<p>Om oss.</p><p>{text}</p>").requires_police_certificate


@pytest.mark.parametrize("text", NO_POLICE)
def test_does_not_require_police_certificate(text: str) -> None:
    assert not features(None, f"<p>Om oss.</p><p>{text}</p>").requires_police_certificate


def test_a_title_counts_as_much_as_the_description() -> None:
    assert features("Utvikler, remote", None).mentions_remote_work
    assert not any(features(None, None))


def test_the_hash_of_a_text_is_that_of_its_words_and_its_title() -> None:
    def hash_of(title: str, description: str) -> int | None:
        return features(title, description).text_hash

    known = hash_of("Lærer", "<p>Vi søker deg.</p><p>Send søknad!</p>")
    assert known is not None and -(2**63) <= known < 2**63
    assert known == hash_of("LÆRER ", "<div>Vi&nbsp;søker\n deg.<br>Send  søknad!</div>")
    assert known != hash_of("Rektor", "<p>Vi søker deg.</p><p>Send søknad!</p>")
    assert known != hash_of("Lærer", "<p>Vi søker deg.</p><p>Send ny søknad!</p>")
    assert hash_of("Lærer", "<p> </p>") is None, "a title alone says too little"


def test_a_clause_is_read_across_inline_tags_but_not_across_paragraphs() -> None:
    assert not features("", "Det er <b>ikke</b> krav om <b>politi</b>attest").requires_police_certificate
    assert features("", "<p>Vi har ikke kantine</p><p>Politiattest</p>").requires_police_certificate


# Own sentences: one list a language, some of them short, some with words of another one.
LANGUAGES = {
    "nb": [
        "Vi søker en blid medarbeider som ønsker å jobbe hos oss i butikken.",
        "Er du glad i mennesker og vil gjøre en forskjell hver dag?",
        "Sykehjemmet har ledig fast stilling for sykepleier på natt.",
        "Du har erfaring fra lignende arbeid og er ikke redd for å ta i et tak.",
        "Vi kan tilby et godt arbeidsmiljø, konkurransedyktig lønn og gode pensjonsordninger.",
        "Backend developer til team cloud: du kan Python, Kubernetes og liker å jobbe sammen med andre.",
        "Søknad med CV og attester sendes innen fristen. Tiltredelse etter avtale.",
        "Barnehagen ligger fint til ved skogen og har 60 barn fordelt på fire avdelinger.",
        "Oppgavene består av renhold av kontorer, trapper og garderober.",
        "Som elektriker hos oss får du varierte oppdrag og firmabil.",
    ],
    "nn": [
        "Vi søkjer ein blid medarbeidar som ønskjer å arbeide hjå oss i butikken.",
        "Er du glad i menneske og vil gjere ein skilnad kvar dag?",
        "Sjukeheimen har ledig fast stilling for sjukepleiar på natt.",
        "Du har erfaring frå liknande arbeid og er ikkje redd for å ta i eit tak.",
        "Kommunen kan tilby eit godt arbeidsmiljø og gode pensjonsordningar for dei tilsette.",
        "Skulen treng ein lærar som kan undervise i matematikk og naturfag.",
        "Stillinga er på 80 prosent, og arbeidet skjer saman med eit lite lag.",
        "Me ser etter deg som likar å arbeide sjølvstendig og har noko å bidra med.",
        "Kva kan vi tilby? Fleksibel arbeidstid og høve til å utvikle seg.",
        "Vidaregåande opplæring er eit krav, men røynsle kan vege opp.",
    ],
    "en": [
        "We are looking for a cheerful colleague to join our store in Oslo.",
        "Do you enjoy working with people and want to make a difference?",
        "The position is permanent and based at our office in Stavanger.",
        "You have experience with Python and are not afraid of new things.",
        "As a chef you will prepare food for the guests of our hotel.",
        "Norwegian is an advantage, but the working language is English.",
        "Your tasks will be cleaning of rooms and restaurants in the evening.",
        "We offer a competitive salary and good pension schemes.",
        "Please send us your application with a CV by the end of March.",
        "This role is for you if you like to be out in the field.",
    ],
    "other": [
        "Wir suchen einen Koch für unser Restaurant, und die Arbeit ist nicht schwer.",
        "Szukamy osoby do pracy na budowie, oraz kierowcy, który nie boi się wyzwań.",
        "Vi söker en glad medarbetare som vill arbeta hos oss och är inte rädd för nya saker.",
        "Vi søger en glad medarbejder, der har lyst til at blive en del af vores hold.",
        "Nous cherchons une personne pour la cuisine de notre restaurant dans les Alpes.",
        "日本料理の調理師を募集しています。" * 8,
    ],
}


def test_the_language_of_the_labelled_sample_is_told_at_least_nine_times_in_ten() -> None:
    labelled = [(label, text) for label, texts in LANGUAGES.items() for text in texts]
    wrong = [(label, text) for label, text in labelled if features("", text).language != label]
    assert len(wrong) <= len(labelled) // 10, wrong


@pytest.mark.parametrize("label", LANGUAGES)
def test_the_language_of_a_longer_text_is_told(label: str) -> None:
    assert features("Utvikler", "<p>".join(LANGUAGES[label][:3])).language == label


def test_a_few_words_are_too_short_to_tell_a_language() -> None:
    assert features("Kokk søkes", "<p>Ring oss</p>").language is None


def test_plain_text_has_a_line_a_block_and_no_markup() -> None:
    html = "<h1>Kokk</h1>\n<p>Vi &amp; du,<br/>s&oslash;k   <b>nå</b>!</p><script>x('<p>')</script>"
    html += "<ul><li>A</li>"
    assert plain_text(html) == "Kokk\nVi & du,\nsøk nå!\nA"
    assert features("", html).text_length == len("Kokk\nVi & du,\nsøk nå!\nA")
    assert plain_text("3 < 5 og a<b, <!-- note --> {{ jinja }} '; drop table x; --").startswith(
        "3 < 5 og a<b,"
    )


def test_redaction_changes_no_feature_but_the_length_and_the_hash() -> None:
    ad = {
        "title": "Sykepleier, spør Kari Nordmann",
        "description": "<p>Vi tilbyr hjemmekontor. Krav om førerkort og politiattest.</p>"
        "<p>Kontakt <b>Kari</b> Nordmann på tlf 22 33 44 55 eller "
        '<a href="mailto:kari@firma.no">kari@firma.no</a> hver dag.</p>',
        "contactList": [{"name": "Kari Nordmann"}],
    }
    assert of_ad(ad)[1:5] == of_ad(redact(ad))[1:5]
    assert of_ad(ad)[1:5] == ("nb", True, True, True)


_words = ["hjemmekontor ", "ikke ", "førerkort ", ", en fordel", "politiattest", "remote ", "work ", ". "]
_markup = ["<p>", "</b>", "<script>", "<", "\x00", "\ud800", "İ "]
_personal = ["&#64;", "22 33 44 55 ", "kari@firma.no ", "Kari Nordmann "]
_parts = st.sampled_from(_words + _markup + _personal)


@settings(deadline=None)
@given(st.text() | st.lists(_parts).map("".join))
def test_any_text_has_features(text: str) -> None:
    ad = {"title": text, "description": text, "contactList": [{"name": "Kari Nordmann"}]}
    assert of_ad(redact(ad)).text_length >= 0


def test_an_ad_whose_texts_are_no_texts_has_features() -> None:
    assert not any(of_ad({"title": 1, "description": ["x"]}))


def test_a_text_that_no_encoding_can_hold_has_features() -> None:
    assert features("\ud800", "\ud800 hjemmekontor").mentions_remote_work
