"""Settings, from the environment. `tongxin doctor` prints the effective ones."""

import os
from pathlib import Path
from typing import Any

import dj_database_url

from tongxin.foundation import embedded
from tongxin.project import secrets

HOME = Path(os.environ.get("TONGXIN_HOME", "var")).resolve()
DEMO = os.environ.get("TONGXIN_DEMO") == "1"
DEBUG = os.environ.get("TONGXIN_DEBUG") == "1"

SECRETS = secrets.load(HOME)
SECRET_KEY = SECRETS.django
TONGXIN_PII_KEYS = SECRETS.personal
TONGXIN_AUDIT_KEY = SECRETS.audit
TONGXIN_TICKET_KEY = SECRETS.tickets

TONGXIN_BASE_URL = os.environ.get("TONGXIN_BASE_URL", "http://127.0.0.1:8000")
TONGXIN_LAKE = Path(os.environ.get("TONGXIN_LAKE", HOME / "lake")).resolve()
TONGXIN_MEDIA = Path(os.environ.get("TONGXIN_MEDIA", HOME / "media")).resolve()
TONGXIN_DURABLE = True
TONGXIN_WIRING = "tongxin.project.wiring"

# Letters: where text messages go (a gateway that takes signed webhooks), and whether it recognises our ids.
TONGXIN_SMS_GATEWAY = os.environ.get("TONGXIN_SMS_GATEWAY", "")
TONGXIN_SMS_SECRET = os.environ.get("TONGXIN_SMS_SECRET", "")
TONGXIN_SMS_DEDUPES = os.environ.get("TONGXIN_SMS_DEDUPES") == "1"
# E-mail to members who gave an address: the operator's own server. SECURITY is tls, starttls or none (this machine only).
TONGXIN_SMTP_HOST = os.environ.get("TONGXIN_SMTP_HOST", "")
TONGXIN_SMTP_PORT = int(os.environ.get("TONGXIN_SMTP_PORT", "465"))
TONGXIN_SMTP_SECURITY = os.environ.get("TONGXIN_SMTP_SECURITY", "tls")
TONGXIN_SMTP_USER = os.environ.get("TONGXIN_SMTP_USER", "")
TONGXIN_SMTP_PASSWORD = os.environ.get("TONGXIN_SMTP_PASSWORD", "")
TONGXIN_SMTP_FROM = os.environ.get("TONGXIN_SMTP_FROM", "")
# WeCom: the corp's id, the app's secret and agent id; token and EncodingAESKey of its callbacks. BASE: the sandbox on this machine.
TONGXIN_WECOM_CORP = os.environ.get("TONGXIN_WECOM_CORP", "")
TONGXIN_WECOM_SECRET = os.environ.get("TONGXIN_WECOM_SECRET", "")
TONGXIN_WECOM_AGENT = os.environ.get("TONGXIN_WECOM_AGENT", "")
TONGXIN_WECOM_TOKEN = os.environ.get("TONGXIN_WECOM_TOKEN", "")
TONGXIN_WECOM_KEY = os.environ.get("TONGXIN_WECOM_KEY", "")
TONGXIN_WECOM_VERIFY = os.environ.get("TONGXIN_WECOM_VERIFY", "")  # what stands between WW_verify_ and .txt
TONGXIN_WECOM_BASE = os.environ.get("TONGXIN_WECOM_BASE", "")
# host:port pairs inside one's own network that we may call although they are not public.
TONGXIN_HTTP_LOCAL = tuple(h for h in os.environ.get("TONGXIN_HTTP_LOCAL", "").split(",") if h)

ALLOWED_HOSTS = [h for h in os.environ.get("TONGXIN_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if h]
CSRF_TRUSTED_ORIGINS = [TONGXIN_BASE_URL] if TONGXIN_BASE_URL.startswith("https://") else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    "tongxin.foundation.accounts",
    "tongxin.foundation.audit",
    "tongxin.foundation.idempotency",
    "tongxin.foundation.outbox",
    "tongxin.foundation.webhooks",
    "tongxin.foundation.media",
    "tongxin.foundation.draw",
    "tongxin.stores",
    "tongxin.people",
    "tongxin.kits",
    "tongxin.outreach",
    "tongxin.commerce",
    "tongxin.rings",
    "tongxin.measure",
    "tongxin.communities",
    "tongxin.events",
    "tongxin.voices",
    "tongxin.amplify",
    "tongxin.champions",
    "tongxin.faces",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tongxin.project.doors.ReplyHeaders",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tongxin.project.doors.Refusals",
    "tongxin.project.doors.Permissions",
]

ROOT_URLCONF = "tongxin.project.urls"
CSRF_FAILURE_VIEW = "tongxin.project.doors.forged"
# Addresses of one's own reverse proxies: only they may say where a request came from.
TONGXIN_PROXIES = tuple(p for p in os.environ.get("TONGXIN_PROXIES", "").split(",") if p)
WSGI_APPLICATION = "tongxin.project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parents[1] / "faces" / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "tongxin.faces.context.page",
            ],
            "builtins": ["tongxin.faces.templatetags.tongxin"],
        },
        "APP_DIRS": False,
    }
]


def database() -> dict[str, Any]:
    """One's own server through DATABASE_URL, otherwise the embedded one, which is brought up here."""
    url = os.environ.get("DATABASE_URL") or embedded.ensure(HOME, durable=TONGXIN_DURABLE).url()
    parsed: dict[str, Any] = {**dj_database_url.parse(url)}
    parsed["CONN_MAX_AGE"] = 0
    parsed["OPTIONS"] = dict(parsed.get("OPTIONS") or {}) | {
        "pool": {"min_size": 2, "max_size": 6, "timeout": 10},
        "prepare_threshold": 2,  # only the statements of `foundation/prepared.py` are ever kept planned
    }
    return parsed


if os.environ.get("TONGXIN_NO_DATABASE") == "1":  # building docs, collecting static files
    DATABASES: dict[str, dict[str, Any]] = {"default": {"ENGINE": "django.db.backends.dummy"}}
else:
    DATABASES = {"default": database()}

AUTH_USER_MODEL = "accounts.Account"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [Path(__file__).parents[1] / "faces" / "locale"]
LANGUAGE_COOKIE_NAME = "tongxin_language"
TIME_ZONE = os.environ.get("TONGXIN_TIME_ZONE", "Asia/Shanghai")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [Path(__file__).parents[1] / "faces" / "static"]

SESSION_COOKIE_AGE = (
    12 * 3600
)  # staff: 12 h absolute, 3 h idle (promise P25); members are given longer at sign-in
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if TONGXIN_BASE_URL.startswith("https://"):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_TEMP_DIR = os.environ.get("TONGXIN_TEMP") or None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # At INFO these write whole addresses, and some platforms want their tokens there.
    "loggers": {"httpx": {"level": "WARNING"}, "httpcore": {"level": "WARNING"}},
}
