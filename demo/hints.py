"""Sentences about home office, driving licence and police certificate, with what they mean."""

from demo.phrases import Hints

REMOTE = {
    "nb": Hints(
        yes=(
            "Vi tilbyr hjemmekontor inntil to dager i uken.",
            "Stillingen kan delvis utføres fra hjemmekontor.",
            "Du kan jobbe hjemmefra når oppgavene tillater det.",
        ),
        no=(
            "Stillingen kan ikke kombineres med hjemmekontor.",
            "Det er dessverre ikke anledning til hjemmekontor.",
        ),
        lures=(
            "Du hjelper brukere i hjemmet og har kontor på sykehjemmet.",
            "Arbeidet foregår hjemme hos tjenestemottaker.",
        ),
    ),
    "nn": Hints(
        yes=(
            "Du kan ha heimekontor inntil to dagar i veka.",
            "Det er høve til å arbeide heimanfrå når oppgåvene tillèt det.",
        ),
        no=("Stillinga kan ikkje kombinerast med heimekontor.",),
        lures=("Du hjelper brukarar i heimen og har kontor på sjukeheimen.",),
    ),
    "en": Hints(
        yes=(
            "Remote work is possible up to three days a week.",
            "We have a hybrid model, and you may work from home on some days.",
        ),
        no=("This is not a remote position.", "Working from home is not possible in this role."),
        lures=("You will visit remote weather stations along the coast.",),
    ),
}

LICENCE = {
    "nb": Hints(
        yes=(
            "Du må ha førerkort klasse B.",
            "Førerkort kl. B og disponering av bil er et krav.",
            "Førerkort for klasse B er nødvendig, fordi du kjører mellom arbeidssteder.",
        ),
        no=(
            "Det kreves ikke førerkort i stillingen.",
            "Førerkort er ikke nødvendig, bussen stopper rett utenfor.",
        ),
        lures=("Det er en fordel med førerkort, men ikke et krav.",),
    ),
    "nn": Hints(
        yes=("Du må ha førarkort klasse B.", "Førarkort klasse B er eit krav."),
        no=("Det er ikkje krav om førarkort.",),
        lures=("Det er ein føremon med førarkort, men ikkje eit krav.",),
    ),
    "en": Hints(
        yes=(
            "A valid driving licence (class B) is required.",
            "You must hold a driver's license.",
        ),
        no=("No driving licence is needed.",),
        lures=("A driving licence is an advantage, but not required.",),
    ),
}

POLICE = {
    "nb": Hints(
        yes=(
            "Tilfredsstillende politiattest må fremlegges ved tiltredelse.",
            "Det kreves politiattest etter helse- og omsorgstjenesteloven § 5-4.",
            "Politiattest av nyere dato må leveres før du kan begynne.",
        ),
        no=(
            "Det kreves ikke politiattest for denne stillingen.",
            "Politiattest er ikke nødvendig.",
        ),
        lures=("Vi samarbeider med politiet og kriminalomsorgen om forebygging.",),
    ),
    "nn": Hints(
        yes=(
            "Det vert kravd politiattest ved tilsetjing.",
            "Godkjend politiattest må leggjast fram før du tek til.",
        ),
        no=("Det er ikkje krav om politiattest.",),
        lures=("Vi samarbeider med politiet om førebygging.",),
    ),
    "en": Hints(
        yes=("A police certificate of conduct must be presented before you start.",),
        no=("No police certificate is needed for this position.",),
        lures=("You will cooperate with the police on prevention.",),
    ),
}
