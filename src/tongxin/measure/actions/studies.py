"""Planning and running studies. A plan is a row and a job in one transaction; the run happens in the job worker."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer, system
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.measure.actions.worker import refuse_in_web_worker
from tongxin.measure.extract import Extract, extract
from tongxin.measure.models import Study
from tongxin.measure.queries import ASKERS, told_digest
from tongxin.measure.rules import intact, read_design
from tongxin.measure.terms import FEW_STORES, LEFT_OUT, StudyState
from tongxin.stores.models import Region, Store
from tongxin.stores.queries import the_brand

RUN = "measure.run_study"


def plan_study(
    *,
    viewer: Viewer,
    title: str,
    treated: str = "participation",
    design: Mapping[str, Any] | None = None,
    region: Region | None = None,
    store: Store | None = None,
    due_at: datetime | None = None,
) -> Study:
    """Write a question down, before anybody looks, and give it to the worker; with `due_at` not before that moment.

    What `design` leaves out is chosen for the span of the data. Refuses `forbidden`, `measure.design_bad`.
    """
    if viewer.places(ASKERS) is not None:
        raise Refused("forbidden")
    asked = read_design(treated, design or {})
    with transaction.atomic():
        study = Study.objects.create(
            brand=the_brand(),
            region=region,
            store=store,
            title=title.strip()[:120] or treated,
            treated=treated,
            design=asked,
            due_at=due_at,
            asked_by_id=viewer.account,
            asked_by_name=viewer.name,
            registered_at=clock.now(),
        )
        # In the same transaction: no row without its job, no job without its row. A lock, never a queueing lock: two plans
        # at once are two jobs, one after the other.
        if due_at is None:
            app.configure_task(RUN, lock="measure").defer(study_id=study.pk)
        trail(
            viewer=viewer,
            act="measure.study_planned",
            subject=("measure", "study", str(study.public_id)),
            after={"treated": treated, "design": asked},
        )
    return study


def run_study(*, study_id: int, memory: str = "700MB") -> Study:
    """Answer a study; one that is answered already stays as it is. Refuses `absent`, `measure.in_web_worker`, `measure.not_due`.

    What was registered at a publication is compared with its hash and with the trail first: a protocol that was changed is not
    run. Bad designs and missing data are an outcome of the study (`failed`, with the faults); what the engine refuses to claim is an
    answer like any other.
    """
    refuse_in_web_worker()
    from tongxin.compass.errors import BadInput  # noqa: PLC0415  # slow: a web worker never loads the engine

    with transaction.atomic():
        study = (
            Study.objects.select_for_update(of=("self",)).select_related("brand").filter(pk=study_id).first()
        )
        if study is None:
            raise Refused("absent")
        if study.state == StudyState.DONE:
            return study
        if study.due_at is not None and clock.now() < study.due_at:
            raise Refused("measure.not_due", due_at=f"{clock.business_day(study.due_at, study.brand.zone)}")
        study.state, study.started_at, study.faults = StudyState.RUNNING, clock.now(), []
        study.save(update_fields=["state", "started_at", "faults"])
    try:
        _check_protocol(study)
        with extract(study, memory) as found:
            kept = _answered(study, found)
    except BadInput as error:
        return _failed(study, [str(fault) for fault in error.faults])
    except Refused as refused:
        return _failed(study, [refused.code])
    except Exception as fault:
        _failed(
            study, [f"fault: {type(fault).__name__}"]
        )  # the job is tried again; a success overwrites this
        raise
    with transaction.atomic():
        for name, value in kept.items():
            setattr(study, name, value)
        study.state, study.at = StudyState.DONE, clock.now()
        study.save()
        trail(
            viewer=system("measure"),
            act="measure.study_answered",
            subject=("measure", "study", str(study.public_id)),
            after={"verdict": study.verdict, "fingerprint": study.fingerprint},
        )
    return study


def _failed(study: Study, faults: list[str]) -> Study:
    with transaction.atomic():
        study.state, study.faults, study.at = StudyState.FAILED, faults, clock.now()
        study.save(update_fields=["state", "faults", "at"])
        trail(
            viewer=system("measure"),
            act="measure.study_failed",
            subject=("measure", "study", str(study.public_id)),
            after={"faults": len(faults)},
        )
    return study


def _check_protocol(study: Study) -> None:
    """Refuses `measure.protocol_changed`."""
    if not study.key:
        return
    told = told_digest(study.public_id)
    if not intact(protocol=study.protocol, kept=study.protocol_digest, told=told, design=study.design):
        raise Refused("measure.protocol_changed")


def _answered(study: Study, found: Extract) -> dict[str, Any]:
    """Everything that is kept of an answer: the numbers, the words, the pictures, the page."""
    from tongxin.compass import design as designs  # noqa: PLC0415  # slow: the engine
    from tongxin.compass import report, report_checks  # noqa: PLC0415  # slow: charts
    from tongxin.compass import study as compass  # noqa: PLC0415  # slow: the engine

    base, notes = designs.default_for(found.dataset)
    registered = clock.business_day(study.registered_at, study.brand.zone)
    asked = dict(study.design) | {"registered_on": registered, "title": study.title}
    design = designs.from_mapping(asked, base)
    same_shape = design.period == base.period and design.windows == base.windows
    answer = compass.run(found.dataset, design, now=clock.now(), notes=notes if same_shape else ())
    if study.key:
        answer = _of_few_stores(answer)
    plain = answer.as_json() | {"believe": report_checks.lines(answer)}
    for reason, n in found.left_out.items():
        zh, en = LEFT_OUT[reason]
        plain["population"]["excluded"].append({"reason": reason, "n": n, "words": {"zh": zh, "en": en}})
    if study.key:
        plain["protocol"] = {**study.protocol, "digest": study.protocol_digest}
    pictures = {language: _pictures(answer, language) for language in ("zh", "en")}
    drawn = {
        language: {name: found["svg"] for name, found in kept.items()} for language, kept in pictures.items()
    }
    return {
        "answer": plain,
        "verdict": answer.primary.verdict,
        "fingerprint": answer.fingerprint.data,
        "simulated": answer.simulated,
        "pictures": pictures,
        "report_html": report.render(answer, "zh", study.title, drawn["zh"]),
        "report_en": report.render(answer, "en", study.title, drawn["en"]),
    }


def _of_few_stores(answer: Any) -> Any:
    """A refused report of one event also says R10: even with people enough it would speak for its own store only."""
    from tongxin.compass.sentence import Words  # noqa: PLC0415  # slow: the engine
    from tongxin.compass.verdict import LEAST_STORES  # noqa: PLC0415  # slow: the engine

    blank = {"stores": 1, "least": LEAST_STORES}
    said = {name: words.format(**blank) for name, words in FEW_STORES.items()}
    reason = ("R10", Words(said["zh"], said["en"]), Words(said["cure_zh"], said["cure_en"]))

    def told(kpi: Any) -> Any:
        if kpi.verdict != "cannot_be_said":
            return kpi
        return dataclasses.replace(
            kpi, reasons=(*kpi.reasons, f"R10 {said['en']}"), reason_words=(*kpi.reason_words, reason)
        )

    return dataclasses.replace(answer, kpis=tuple(told(kpi) for kpi in answer.kpis))


def _pictures(answer: Any, language: str) -> dict[str, dict[str, str]]:
    """The charts as inline SVG, each with its sentence; a chart that has nothing to show is left out."""
    from tongxin.compass.charts import event_study, forest, love_plot, naive_honest  # noqa: PLC0415  # slow: Vega-Lite

    def spoken(words: Any) -> str:
        return str(words.en if language == "en" else words.zh)

    kpi, drawn = answer.primary, {}
    if any(point.kpi == kpi.kpi for point in answer.event_study):
        drawn["event_study"] = {
            "svg": event_study.draw_svg(answer, kpi, language),
            "said": spoken(event_study.sentence(answer, kpi)),
        }
    if forest.shown(answer):
        drawn["forest"] = {"svg": forest.draw_svg(answer, language), "said": spoken(forest.sentence(answer))}
    duel = naive_honest.of_answer(answer, kpi)
    if kpi.naive:
        drawn["naive_honest"] = {
            "svg": naive_honest.draw_svg(duel, language),
            "said": spoken(naive_honest.sentence(duel)),
        }
    if answer.balance:
        drawn["love_plot"] = {
            "svg": love_plot.draw_svg(answer, language),
            "said": spoken(love_plot.sentence(answer)),
        }
    return drawn
