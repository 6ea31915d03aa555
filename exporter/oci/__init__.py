"""An image archive of a bundle, written without any engine.

`export` puts it together from a `base`, the server's `packages`, the bundle and `byte_code`, as
`layers` of one tar that is a docker-archive and an OCI layout at once (`image_tar`).
"""
