"""The five ways to a key; whatever is wrong, one sentence, and never a part of the key in it."""

from __future__ import annotations

import base64
import json
import logging
import os
import pickle
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import pytest
from dlt.common.schema import Schema

from extract.config import KeySettings, WarehouseSettings, configured
from extract.errors import ConfigurationError, SourceUnavailable
from extract.warehouses import credentials
from extract.warehouses.bigquery import BigQueryWarehouse
from extract.warehouses.credentials import CredentialsError, Key, resolve
from tests.bigquery.emulator import fake_key, loopback_server, no_calls_to_google, token_endpoint

VARIABLE = "JOB_MARKET_BIGQUERY_KEY"
SECRET = "projects/p/secrets/nav"


@pytest.fixture(scope="module")
def token_uri() -> Iterator[str]:
    with token_endpoint() as address, no_calls_to_google():
        yield address


@pytest.fixture(scope="module")
def key(token_uri: str) -> dict[str, str]:
    return fake_key(token_uri)


@pytest.fixture(autouse=True)
def nothing_found_by_accident(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key, region or identity of the machine that runs the tests is used."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "GOOGLE_", "BIGQUERY_", "JOB_MARKET_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setattr("google.auth._cloud_sdk.get_project_id", lambda: None)


def settings(**values: Any) -> KeySettings:
    return KeySettings(**values)


def says_nothing_of(text: str, key: dict[str, str]) -> None:
    """No field that is private stands in `text`, nor any line of the PEM."""
    private = [key["private_key_id"], *key["private_key"].splitlines()[1:-1]]
    for part in private:
        assert part[:12] not in text


def refused(key: dict[str, str], tried: str, advice: str, call: Callable[[], object]) -> None:
    """`call` fails with one sentence that names the way and the way out, and shows no key."""
    with pytest.raises(CredentialsError) as caught:
        call()
    message = str(caught.value)
    assert tried in message
    assert advice in message
    assert "\n" not in message and message.endswith(".")
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    says_nothing_of(message + repr(caught.value), key)


def google_server(status: int, answer: object) -> type[BaseHTTPRequestHandler]:
    """One that gives the same answer to every request, as Google's REST APIs do."""

    class Google(BaseHTTPRequestHandler):
        seen: ClassVar[list[tuple[str, str]]] = []

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.seen.append((self.path, self.headers.get("authorization", "")))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Google


# --- each way gives the same key ---------------------------------------------------------------


def test_a_key_file_gives_its_key_and_project(key: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(key))
    found = resolve(settings(source="file", path=str(path)))
    assert found.info == key
    assert found.project == key["project_id"]


def test_an_environment_variable_gives_its_key_with_newlines_escaped_once_too_often(
    key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    escaped = key | {"private_key": key["private_key"].replace("\n", "\\n")}
    monkeypatch.setenv("MY_KEY", json.dumps(escaped))
    found = resolve(settings(source="environment", variable="MY_KEY", project="other"))
    assert found.info == key
    assert found.project == "other"


def test_default_credentials_give_no_key_but_a_project(
    key: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(key))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    found = resolve(settings())
    assert (found.info, found.project) == (None, key["project_id"])


def test_settings_come_from_dlts_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIGQUERY_KEY__SOURCE", "file")
    monkeypatch.setenv("BIGQUERY_KEY__PATH", "/somewhere/key.json")
    found = configured(KeySettings)
    assert (found.source, found.path) == ("file", "/somewhere/key.json")


# --- what is wrong with the key itself ---------------------------------------------------------


def test_a_file_that_is_missing_or_cannot_be_read_is_named(key: dict[str, str], tmp_path: Path) -> None:
    gone = tmp_path / "gone.json"
    refused(key, str(gone), "bigquery_key.path", lambda: resolve(_file(gone)))
    refused(key, str(tmp_path), "may read", lambda: resolve(_file(tmp_path)))
    bytes_of_key = tmp_path / "bytes.json"
    bytes_of_key.write_bytes(json.dumps(key).encode("utf-16"))
    refused(key, "bytes.json", "not text", lambda: resolve(_file(bytes_of_key)))
    refused(key, "the key file", "bigquery_key.path", lambda: resolve(settings(source="file")))


def _file(path: Path) -> KeySettings:
    return settings(source="file", path=str(path))


def test_a_file_that_this_user_may_not_read_is_named(key: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(key))
    with mock.patch.object(Path, "read_text", side_effect=PermissionError(13, "denied")):
        refused(key, str(path), "may read", lambda: resolve(_file(path)))


def test_a_variable_that_is_not_set_is_named(key: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    source = settings(source="environment")
    refused(key, VARIABLE, "set it", lambda: resolve(source))
    monkeypatch.setenv(VARIABLE, "  \n")
    refused(key, VARIABLE, "set it", lambda: resolve(source))


@pytest.mark.parametrize(
    ("damage", "advice"),
    [
        (lambda key: json.dumps(key)[:-30], "download"),
        (lambda key: key["private_key"], "download"),
        (lambda key: json.dumps([key]), "download"),
        (lambda key: json.dumps(key | {"type": "authorized_user"}), "bigquery_key.source to default"),
        (lambda key: json.dumps(key | {"type": key["private_key_id"]}), "type"),
        (lambda key: json.dumps(key | {"private_key": None}), "private_key"),
        (lambda key: json.dumps(key | {"client_email": ""}), "client_email"),
        (lambda key: json.dumps({k: v for k, v in key.items() if k != "token_uri"}), "token_uri"),
        (
            lambda key: json.dumps(key | {"private_key": key["private_key"].replace("A", "-")}),
            "download",
        ),
        (lambda key: json.dumps(key | {"private_key": key["private_key"][:300]}), "download"),
    ],
)
def test_a_malformed_key_is_one_sentence_that_shows_none_of_it(
    damage: Callable[[dict[str, str]], str],
    advice: str,
    key: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, damage(key))
    refused(key, VARIABLE, advice, lambda: resolve(settings(source="environment")))


def test_without_default_credentials_the_ways_to_get_some_are_told(key: dict[str, str]) -> None:
    refused(key, "application-default", "gcloud auth", lambda: resolve(settings()))


def test_default_credentials_that_are_malformed_show_none_of_them(
    key: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(key)[:-30])
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    refused(key, "application-default", "gcloud auth", lambda: resolve(settings()))


def test_default_credentials_without_a_project_ask_for_one(key: dict[str, str]) -> None:
    with mock.patch("google.auth.default", return_value=(object(), None)):
        refused(key, "application-default", "bigquery_key.project", lambda: resolve(settings()))
        assert resolve(settings(project="p")).project == "p"


# --- expired and forbidden keys ----------------------------------------------------------------


@pytest.fixture
def warehouse(key: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> BigQueryWarehouse:
    """A warehouse with the key of a variable."""
    monkeypatch.setenv("BIGQUERY_KEY__SOURCE", "environment")
    monkeypatch.setenv(VARIABLE, json.dumps(key))
    return BigQueryWarehouse(WarehouseSettings(target="bigquery", pipelines_dir=str(tmp_path)))


def refusal(reason: str, message: str) -> dict[str, object]:
    """An error as Google's REST APIs answer it."""
    return {"error": {"message": message, "errors": [{"reason": reason, "message": message}]}}


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (403, "accessDenied", "Access Denied: Project p: User does not have bigquery.jobs.create permission"),
        (403, "billingNotEnabled", "Billing has not been enabled for this project"),
        (401, "authError", "Invalid Credentials"),
    ],
)
def test_what_google_refuses_the_key_is_told_as_itself_with_the_roles_that_it_needs(
    status: int,
    reason: str,
    message: str,
    warehouse: BigQueryWarehouse,
    key: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with loopback_server(google_server(status, refusal(reason, message))) as address:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", address)
        for use in (lambda: warehouse.query("select 1"), lambda: warehouse.lock().__enter__()):
            with pytest.raises(ConfigurationError, match=message) as caught:
                use()
            assert "BigQuery Job User" in str(caught.value) and caught.value.exit_code == 2
            says_nothing_of(str(caught.value), key)


def test_a_quota_that_is_used_up_is_tried_again_later(
    warehouse: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with loopback_server(google_server(403, refusal("quotaExceeded", "Quota exceeded"))) as address:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", address)
        with pytest.raises(SourceUnavailable, match="Quota exceeded"):
            warehouse.query("select 1")


def test_a_key_that_was_revoked_or_has_expired_says_so(
    warehouse: BigQueryWarehouse, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = {"error": "invalid_grant", "error_description": f"Invalid JWT {key['private_key']}"}
    with loopback_server(google_server(400, grant)) as address:
        monkeypatch.setenv(VARIABLE, json.dumps(key | {"token_uri": address}))
        refused(
            key, f"the environment variable {VARIABLE}", "make a new key", lambda: warehouse.query("select 1")
        )


def test_when_google_cannot_be_reached_the_key_is_not_blamed(
    warehouse: BigQueryWarehouse, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", f"http://127.0.0.1:{_closed_port()}")
    monkeypatch.setattr("extract.warehouses.bigquery.RETRY_SECONDS", 1)
    with pytest.raises(SourceUnavailable) as caught:
        warehouse.query("select 1")
    says_nothing_of(str(caught.value), key)


# --- the dataset as it is ----------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["defaultTableExpirationMs", "defaultPartitionExpirationMs"])
def test_a_dataset_that_deletes_its_tables_after_days_is_refused_with_the_way_out(
    setting: str, warehouse: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = {"datasetReference": {"projectId": "p", "datasetId": "nav_raw"}, setting: str(60 * 86_400_000)}
    server = google_server(200, dataset)
    with loopback_server(server) as address, pytest.raises(ConfigurationError) as caught:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", address)
        with warehouse.lock():
            pass
    assert "60 days" in str(caught.value) and "bq update --default_table_expiration 0" in str(caught.value)
    # It was looked at, and nothing was made.
    assert [path.split("?")[0].rsplit("/", 1)[-1] for path, _ in server.seen] == [  # type: ignore[attr-defined]
        "nav_raw"
    ]


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# --- AWS Secrets Manager -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """A Secrets Manager on loopback, in a process of its own."""
    pytest.importorskip("moto")
    port = _closed_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        started = any("Running on" in line for line in process.stderr)
        assert started, "moto_server ended before it listened"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


@pytest.fixture
def aws(moto: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty Secrets Manager, as boto3's client."""
    import boto3  # type: ignore[import-untyped]

    urllib.request.urlopen(
        urllib.request.Request(f"{moto}/moto-api/reset", method="POST"), timeout=10
    ).close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return boto3.client("secretsmanager", region_name="eu-north-1")


IN_AWS: dict[str, Any] = {
    "source": "aws_secrets_manager",
    "secret_id": "nav/bigquery",
    "region": "eu-north-1",
}


def test_aws_gives_the_key_as_text(aws: Any, key: dict[str, str]) -> None:
    aws.create_secret(Name="nav/bigquery", SecretString=json.dumps(key))
    assert resolve(settings(**IN_AWS)).info == key
    aws.create_secret(Name="binary", SecretBinary=json.dumps(key).encode())
    refused(key, "binary", "download", lambda: resolve(settings(**IN_AWS | {"secret_id": "binary"})))


def test_a_secret_that_aws_does_not_have_is_named(aws: Any, key: dict[str, str]) -> None:
    refused(key, "nav/bigquery", "bigquery_key.region", lambda: resolve(settings(**IN_AWS)))
    aws.create_secret(Name="nav/bigquery", SecretString=json.dumps(key))
    aws.delete_secret(SecretId="nav/bigquery")
    refused(key, "nav/bigquery", "InvalidRequestException", lambda: resolve(settings(**IN_AWS)))


def test_a_secret_in_aws_that_is_no_key_shows_none_of_it(aws: Any, key: dict[str, str]) -> None:
    aws.create_secret(Name="nav/bigquery", SecretString=key["private_key"])
    refused(key, "nav/bigquery", "download", lambda: resolve(settings(**IN_AWS)))


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("AccessDeniedException", "secretsmanager:GetSecretValue"),
        ("DecryptionFailure", "kms:Decrypt"),
        ("ExpiredTokenException", "ExpiredTokenException"),
    ],
)
def test_what_aws_forbids_says_what_to_allow(
    code: str, advice: str, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"__type": code, "message": key["private_key"]}
    with loopback_server(google_server(400, answer)) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        refused(key, "AWS Secrets Manager", advice, lambda: resolve(settings(**IN_AWS)))


def test_without_an_aws_identity_or_region_the_sentence_says_which(key: dict[str, str]) -> None:
    refused(key, "AWS Secrets Manager", "log in to AWS", lambda: resolve(settings(**IN_AWS)))
    nowhere = settings(**IN_AWS | {"region": None})
    refused(key, "AWS Secrets Manager", "bigquery_key.region", lambda: resolve(nowhere))
    nameless = settings(source="aws_secrets_manager")
    refused(key, "AWS Secrets Manager", "bigquery_key.secret_id", lambda: resolve(nameless))


def test_aws_that_cannot_be_reached_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{_closed_port()}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(SourceUnavailable, match="nav/bigquery"):
        resolve(settings(**IN_AWS))


def test_without_boto3_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(ConfigurationError, match=r"AWS Secrets Manager .*extra `aws`.*make extras"):
        resolve(settings(**IN_AWS))


# --- Google Secret Manager ---------------------------------------------------------------------


@pytest.fixture
def in_google(key: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeySettings:
    """Settings for a secret, and default credentials to read it with."""
    path = tmp_path / "reader.json"
    path.write_text(json.dumps(key | {"client_email": "reader@p.iam.gserviceaccount.com"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    return settings(source="google_secret_manager", resource=SECRET)


def payload(text: str) -> dict[str, object]:
    return {"name": "n", "payload": {"data": base64.b64encode(text.encode()).decode()}}


def test_google_gives_the_latest_version_of_the_key(
    in_google: KeySettings, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = google_server(200, payload(json.dumps(key)))
    with loopback_server(server) as address:
        monkeypatch.setattr(credentials, "GOOGLE_SECRETS", address)
        assert resolve(in_google).info == key
        in_google.resource = f"{SECRET}/versions/3"
        assert resolve(in_google).info == key
    assert server.seen == [  # type: ignore[attr-defined]
        (f"/v1/{SECRET}/versions/latest:access", "Bearer t0ken"),
        (f"/v1/{SECRET}/versions/3:access", "Bearer t0ken"),
    ]


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "HTTP 400"),
        (403, "Secret Manager Secret Accessor"),
        (404, "bigquery_key.resource"),
    ],
)
def test_what_google_refuses_says_what_to_do(
    status: int,
    advice: str,
    in_google: KeySettings,
    key: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with loopback_server(google_server(status, {"error": {"message": key}})) as address:
        monkeypatch.setattr(credentials, "GOOGLE_SECRETS", address)
        refused(key, SECRET, advice, lambda: resolve(in_google))


def test_an_answer_of_google_without_a_key_shows_none_of_it(
    in_google: KeySettings, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for answer in (payload(key["private_key"]), {"payload": key["private_key"]}, [key], {}):
        with loopback_server(google_server(200, answer)) as address:
            monkeypatch.setattr(credentials, "GOOGLE_SECRETS", address)
            refused(key, SECRET, "", lambda: resolve(in_google))


def test_a_secret_store_of_google_that_is_down_is_tried_again_later(
    in_google: KeySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "GOOGLE_SECRETS", f"http://127.0.0.1:{_closed_port()}")
    with pytest.raises(SourceUnavailable, match=SECRET):
        resolve(in_google)
    with loopback_server(google_server(503, {})) as address:
        monkeypatch.setattr(credentials, "GOOGLE_SECRETS", address)
        with pytest.raises(SourceUnavailable, match=SECRET):
            resolve(in_google)


def test_a_name_that_is_no_secrets_name_is_refused_before_any_request(
    key: dict[str, str],
) -> None:
    for name in (None, "", "nav", "projects/p", "projects/p/secrets/s/latest/1"):
        source = settings(source="google_secret_manager", resource=name)
        refused(key, "Google Secret Manager", "projects/PROJECT", partial(resolve, source))


# --- where a key goes --------------------------------------------------------------------------


def test_neither_repr_nor_pickle_nor_log_shows_a_key(
    key: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(VARIABLE, json.dumps(key))
    with caplog.at_level(logging.DEBUG):
        found = resolve(settings(source="environment"))
        says_nothing_of(f"{found} {found!r} {[found]} {found.dlt()}", key)
    says_nothing_of(caplog.text, key)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(found)


def test_dlt_gets_credentials_that_it_need_not_resolve(key: dict[str, str]) -> None:
    given = Key("a test", "p", key).dlt()
    assert given.is_resolved()
    assert given.project_id == "p"
    assert given.to_native_credentials().service_account_email == key["client_email"]


@pytest.mark.parametrize("kind", ["a machine of Google's", "a user"])
def test_dlt_gets_the_default_credentials_of_a_machine_and_of_a_user(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from google.auth import compute_engine
    from google.oauth2.credentials import Credentials

    found = Credentials("t0ken") if kind == "a user" else compute_engine.Credentials()  # type: ignore[no-untyped-call]
    monkeypatch.setattr("google.auth.default", lambda **_: (found, "p"))
    warehouse = BigQueryWarehouse(WarehouseSettings(target="bigquery", pipelines_dir=str(tmp_path)))
    loading, _ = warehouse.pipeline()._get_destination_clients(Schema("nav_feed"))
    given: Any = loading.config.credentials
    assert given.is_resolved() and given.to_native_credentials() is found and given.project_id == "p"


def test_a_staging_bucket_is_written_with_the_same_key_and_account(
    key: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No bucket is here: dlt and gcsfs are made ready to write one, which asks nothing of Google."""
    monkeypatch.setenv("BIGQUERY_KEY__SOURCE", "environment")
    monkeypatch.setenv(VARIABLE, json.dumps(key))
    bucket = WarehouseSettings(
        target="bigquery", staging_bucket="gs://a-bucket/first-run", pipelines_dir=str(tmp_path)
    )
    pipeline = BigQueryWarehouse(bucket).pipeline()
    clients: Any = pipeline._get_destination_clients(Schema("nav_feed"))
    loading, staging = clients
    assert staging is not None and staging.config.bucket_url == "gs://a-bucket/first-run"
    assert staging.fs_client.credentials.credentials.service_account_email == key["client_email"]
    assert loading._has_gcs_staging()
    says_nothing_of(f"{staging.config} {staging.config!r}", key)


def test_only_its_own_names_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH is always in the environment, and no key file."""
    for name in ("PROJECT", "REGION", "SOURCE", "RESOURCE"):
        monkeypatch.setenv(name, "another program's")
    found = configured(KeySettings)
    assert (found.path, found.project, found.region, found.source) == (None, None, None, "default")
    monkeypatch.setenv("BIGQUERY_KEY__PATH", "key.json")
    assert configured(KeySettings).path == "key.json"


def test_dbt_gets_the_key_under_names_that_it_masks(key: dict[str, str]) -> None:
    given = Key("a test", "p", key).dbt_environment()
    private = {name for name, value in given.items() if value in _secrets(key)}
    assert private == {name for name in given if name.startswith("DBT_ENV_SECRET_")}
    assert {given[name] for name in private} == _secrets(key)
    default = Key("application-default credentials", "p", None).dbt_environment()
    assert default["JOB_MARKET_BIGQUERY_METHOD"] == "oauth"


def _secrets(key: dict[str, str]) -> set[str]:
    return {key["private_key"], key["private_key_id"]}


def test_importing_reads_no_key_and_loads_no_client() -> None:
    code = (
        "import sys, extract.warehouses.credentials;"
        "print([m for m in ('boto3', 'google.auth.transport.requests') if m in sys.modules])"
    )
    root = Path(credentials.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
