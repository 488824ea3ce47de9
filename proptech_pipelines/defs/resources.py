"""The one resource: where the platform lives."""

import dagster as dg

from proptech_pipelines.settings import Settings


class Platform(dg.ConfigurableResource):
    """Settings of the home folder that this code location works on; read anew for each run and tick."""

    def settings(self) -> Settings:
        """The settings. Raises SettingsError for a file or variable that cannot be read."""
        return Settings.load()


@dg.definitions
def resources() -> dg.Definitions:
    """The resources by name."""
    return dg.Definitions(resources={"platform": Platform()})
