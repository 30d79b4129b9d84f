"""The data described in JSON-LD: schema.org's Dataset for search engines, DCAT-AP-NO for data catalogues.

Addresses are relative: a reader of JSON-LD resolves them against the address of the file they stand in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dashboard.open_data.about import DESCRIPTION, KEYWORDS, LICENCE, NAME, SOURCE, TITLE, Edition
from dashboard.open_data.tables import File, Table

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
EU = "http://publications.europa.eu/resource/authority"
PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def dataset(edition: Edition, tables: Sequence[Table], language: str) -> dict[str, Any]:
    """schema.org's Dataset for a page in `en` or `nb`; the files are in `data/` beside it."""
    publisher = {"@type": "Organization", "name": edition.publisher, "email": edition.email}
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": TITLE[language],
        "description": DESCRIPTION[language],
        "inLanguage": language,
        "license": LICENCE.url,
        "isAccessibleForFree": True,
        "creator": publisher,
        "publisher": publisher,
        "isBasedOn": {"@type": "Dataset", "name": SOURCE.title, "url": SOURCE.url},
        "dateModified": edition.made_at.isoformat(timespec="seconds"),
        "version": edition.version,
        "temporalCoverage": f"{edition.first_day}/{edition.last_day}",
        "spatialCoverage": {"@type": "Place", "name": "Norway"},
        "keywords": list(KEYWORDS),
        "citation": edition.citation,
        "distribution": [
            {
                "@type": "DataDownload",
                "name": f"{table.name}, {encoding}",
                "encodingFormat": encoding,
                "contentUrl": f"data/{file.path}",
                "contentSize": f"{file.size} B",
                "sha256": file.sha256,
            }
            for table, file, encoding in _whole_files(tables)
        ],
    }


def dcat(edition: Edition, tables: Sequence[Table]) -> dict[str, Any]:
    """A catalogue with one dataset, as DCAT-AP-NO wants it, for `data/dcat.jsonld`."""
    publisher = {"@id": "#publisher", "@type": "foaf:Agent", "foaf:name": edition.publisher}
    contact = {
        "@type": "vcard:Organization",
        "vcard:fn": edition.publisher,
        "vcard:hasEmail": {"@id": f"mailto:{edition.email}"},
    }
    named = {"dct:title": _texts(TITLE), "dct:description": _texts(DESCRIPTION)}
    return {
        "@context": PREFIXES,
        "@id": "#catalogue",
        "@type": "dcat:Catalog",
        **named,
        "dct:publisher": publisher,
        "dcat:contactPoint": contact,
        "dcat:dataset": {
            "@id": "#dataset",
            "@type": "dcat:Dataset",
            **named,
            "dct:identifier": NAME,
            "dct:publisher": {"@id": "#publisher"},
            "dcat:contactPoint": contact,
            "dcat:theme": [{"@id": f"{EU}/data-theme/{theme}"} for theme in ("SOCI", "ECON")],
            "dct:accessRights": {"@id": f"{EU}/access-right/PUBLIC"},
            "dct:accrualPeriodicity": {"@id": f"{EU}/frequency/DAILY"},
            "dct:spatial": {"@id": f"{EU}/country/NOR"},
            "dct:language": [{"@id": f"{EU}/language/{code}"} for code in ("ENG", "NOB")],
            "dct:temporal": {
                "@type": "dct:PeriodOfTime",
                "dcat:startDate": _typed(str(edition.first_day), "date"),
                "dcat:endDate": _typed(str(edition.last_day), "date"),
            },
            "dct:modified": _typed(edition.made_at.isoformat(timespec="seconds"), "dateTime"),
            "dcat:version": edition.version,
            "dcat:keyword": list(KEYWORDS),
            "dct:source": {"@id": SOURCE.url},
            "dcat:distribution": [
                {
                    "@type": "dcat:Distribution",
                    "dct:title": {"@value": table.name, "@language": "en"},
                    "dcat:accessURL": {"@id": "index.html"},
                    "dcat:downloadURL": {"@id": file.path},
                    "dct:format": {"@id": f"{EU}/file-type/{'CSV' if encoding == CSV else 'PARQUET'}"},
                    "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{encoding}"},
                    "dcat:byteSize": _typed(str(file.size), "nonNegativeInteger"),
                    "dct:license": {"@id": LICENCE.uri},
                    "spdx:checksum": {
                        "@type": "spdx:Checksum",
                        "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                        "spdx:checksumValue": _typed(file.sha256, "hexBinary"),
                    },
                }
                for table, file, encoding in _whole_files(tables)
            ],
        },
    }


def _whole_files(tables: Sequence[Table]) -> Iterator[tuple[Table, File, str]]:
    """Each file that holds a whole table; the months of a long one are in datapackage.json."""
    for table in tables:
        yield table, table.parquet, PARQUET
        if len(table.csv) == 1:
            yield table, table.csv[0], CSV


def _texts(by_language: dict[str, str]) -> list[dict[str, str]]:
    return [{"@value": text, "@language": language} for language, text in by_language.items()]


def _typed(value: str, of: str) -> dict[str, str]:
    return {"@value": value, "@type": f"xsd:{of}"}
