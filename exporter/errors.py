"""Exceptions of the exporter, named by what was broken.

`ExporterError` is the root; its message always says what to mend.
"""


class ExporterError(Exception):
    """Something asked of the exporter cannot be done."""


class BundleError(ExporterError):
    """A bundle is not what its manifest says: changed, incomplete, or not a bundle at all.

    `files` names the files at fault, sorted; empty when no single file is.
    """

    def __init__(self, message: str, files: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.files = files


class VersionTaken(ExporterError):
    """A bundle of that name and version exists with other content; versions never change."""


class ArchiveError(ExporterError):
    """A tar holds something that a bundle never holds."""


class ImageError(ExporterError):
    """An image could not be built: no engine, or the build failed."""
