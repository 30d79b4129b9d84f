"""Loads zetasql, Google's analyzer as WebAssembly, fast: compiled once, and memory copied in blocks."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
from contextlib import suppress
from pathlib import Path
from typing import Any


def load_service(cache: Path) -> Any:
    """zetasql's service, its machine code kept in `cache` (made private).

    Without the cache each process compiles 28 MB of WebAssembly, from it, 1 s (zetasql 0.1.5, wasmtime 50:
    23 s on two cores; 17 s when not optimised, but then what dbt sends takes 30 s and not 15). What
    is loaded from the cache runs as native code, so nobody else may write there.
    """
    import wasmtime
    import zetasql.core.wasm_client as wasm  # type: ignore[import-untyped]
    from zetasql.core.local_service import ZetaSqlLocalService  # type: ignore[import-untyped]

    class Module:
        @staticmethod
        def from_file(engine: Any, path: str) -> Any:
            version = importlib.metadata.version("wasmtime")
            compiled = cache / f"{version}-{os.path.getsize(path)}.cwasm"
            if compiled.exists():
                with suppress(wasmtime.WasmtimeError):  # made on another processor, say
                    return wasmtime.Module.deserialize_file(engine, str(compiled))
            module = wasmtime.Module.from_file(engine, path)
            cache.mkdir(parents=True, exist_ok=True, mode=0o700)
            cache.chmod(0o700)
            half = compiled.with_suffix(f".{os.getpid()}")
            half.write_bytes(module.serialize())
            half.replace(compiled)
            return module

    def address(client: Any) -> int:
        return ctypes.addressof(client.memory.data_ptr().contents)

    def write_bytes(client: Any, pointer: int, data: bytes) -> None:
        ctypes.memmove(address(client) + pointer, data, len(data))

    def read_bytes(client: Any, pointer: int, size: int) -> bytes:
        return ctypes.string_at(address(client) + pointer, size)

    # The package copies byte by byte in Python: a catalog takes 50 times as long.
    changes = {"Module": Module}
    kept = {name: getattr(wasm, name) for name in changes}
    wasm.WasmClient.write_bytes, wasm.WasmClient.read_bytes = write_bytes, read_bytes
    try:
        for name, change in changes.items():
            setattr(wasm, name, change)
        return ZetaSqlLocalService.get_instance()
    finally:
        for name, value in kept.items():
            setattr(wasm, name, value)
