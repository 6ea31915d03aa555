# The studio as an image. Two targets:
#   docker build --target studio -t corecraft-studio .            the web app, without torch
#   docker build --target backend -t corecraft-studio-backend .   with the training backend (~3 GB)
#   docker run --init -p 127.0.0.1:8000:8000 -v corecraft:/data corecraft-studio
ARG BASE_IMAGE=python:3.11-slim

FROM ${BASE_IMAGE} AS studio
# Extra options of pip, such as --index-url or --find-links.
ARG PIP_ARGS=""
ENV PYTHONUNBUFFERED=1 HOME=/data
WORKDIR /app
COPY pyproject.toml setup.py README.md ./
COPY world_builder world_builder
COPY exporter exporter
COPY rl_backend rl_backend
COPY studio studio
COPY templates templates
COPY static static
RUN python -m pip install --no-cache-dir --root-user-action=ignore ${PIP_ARGS} --editable . \
    && mkdir -p /data && chown 10001:10001 /data
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "exporter.server.healthcheck", "http://127.0.0.1:8000/health"]
ENTRYPOINT ["python", "-m", "studio.cli"]
CMD ["studio", "--host", "0.0.0.0", "--data-dir", "/data", "--no-backend-install"]

FROM studio AS backend
ARG PIP_ARGS=""
USER 0:0
RUN python -m pip install --no-cache-dir --root-user-action=ignore ${PIP_ARGS} --editable ".[train]" \
    && python -m rl_backend.install --status /tmp/install.json
USER 10001:10001
