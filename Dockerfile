# Warta's server: `docker build -t warta . && docker run -p 127.0.0.1:8000:8000 -v warta:/var/lib/warta warta`
# See docs/serving.md; compose.yaml starts it with nothing writable but its volume.
FROM python:3.11-slim AS build

# The index that has torch without CUDA, several GB smaller; empty takes the one that pip finds by itself.
ARG TORCH_INDEX=

RUN python -m venv /opt/warta
ENV PATH=/opt/warta/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# pyproject.toml says which versions.
# hadolint ignore=DL3013
RUN pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "torch>=2.6,<2.14"

WORKDIR /src
COPY pyproject.toml setup.py README.md LICENSE ./
COPY service service
COPY prompts prompts
COPY eval eval
COPY examples examples
# pyproject.toml says which versions.
# hadolint ignore=DL3013
RUN pip install ".[embedded,documents,inbox,serve,postgres]"


FROM python:3.11-slim

RUN useradd --uid 10001 --user-group --home-dir /var/lib/warta --create-home --shell /usr/sbin/nologin warta
COPY --from=build /opt/warta /opt/warta
ENV PATH=/opt/warta/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    WARTA_HOME=/var/lib/warta \
    WARTA_HOST=0.0.0.0 \
    HF_HOME=/var/lib/warta/hub

USER 10001:10001
VOLUME /var/lib/warta
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=25s --start-period=180s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/ready', timeout=20)"]
ENTRYPOINT ["warta"]
CMD ["serve"]
