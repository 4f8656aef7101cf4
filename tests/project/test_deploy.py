"""What a production installation says about itself, asked in a fresh process."""

import os
import subprocess
import sys

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "tongxin.project.settings",
    "TONGXIN_NO_DATABASE": "1",
    "TONGXIN_BASE_URL": "https://tongxin.example",
    "TONGXIN_HOSTS": "tongxin.example",
}


def deploy_check(tmp_path, *only, **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("TONGXIN", "DATABASE"))}
    env |= PRODUCTION | {"TONGXIN_HOME": str(tmp_path)} | more
    command = [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING", *only]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_django_has_nothing_to_warn_about_in_production(tmp_path):
    answer = deploy_check(tmp_path)
    assert answer.returncode == 0, answer.stderr


def test_control_arm_without_https_it_does_warn(tmp_path):
    answer = deploy_check(tmp_path, "--tag", "security", TONGXIN_BASE_URL="http://tongxin.example")
    assert answer.returncode == 1
    assert "security.W" in answer.stderr
