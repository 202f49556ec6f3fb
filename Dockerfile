# One image for every process; which one it becomes is the command: `python -m purposejobs.local_stack process web`.
FROM python:3.12-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --system --create-home --home-dir /home/purposejobs purposejobs
WORKDIR /app
COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt
COPY . .
# The static files' names carry their content's fingerprint, so they are part of the image; no secret is in it.
RUN SECRET_KEY=build FIELD_ENCRYPTION_KEYS=unused PUBLIC_URL=http://localhost REDIS_URL=redis://unused \
    DATABASE_URL=postgresql://unused/unused DATABASE_OWNER_URL=postgresql://unused/unused \
    LEVER_CLIENT_ID=unused LEVER_CLIENT_SECRET=unused \
    python manage.py collectstatic --noinput --verbosity 0 \
    && mkdir /data && chown purposejobs /data
ENV MEDIA_ROOT=/data/media BEAT_SCHEDULE=/tmp/beat BIND=0.0.0.0 PORT=8000
VOLUME /data
USER purposejobs
EXPOSE 8000
CMD ["python", "-m", "purposejobs.local_stack", "process", "web"]

# The emulator and demo data need the development requirements.
FROM base AS development
USER root
COPY requirements-dev.txt .
RUN pip install --require-hashes -r requirements-dev.txt
USER purposejobs

FROM base
