from extract.executors.settings import EngineSettings, configured_engine


def open_executor(settings, name=None):
    return configured_engine(
        EngineSettings(workers=settings.workers),
        {"local": "here"}.get(name or settings.name, name or settings.name),
    )
