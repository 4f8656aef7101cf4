"""The addresses of the pages. Each has its row in the permission table."""

from django.urls import path

from tongxin.faces.champion import views as champion
from tongxin.faces.enter import views as enter
from tongxin.faces.hq import desk, imports, measures, people, studies, today
from tongxin.faces.member import views as member

urlpatterns = [
    path("", enter.home, name="home"),
    path("enter/", enter.door, name="enter.door"),
    path("enter/staff/", enter.staff, name="enter.staff"),
    path("enter/factor/", enter.factor, name="enter.factor"),
    path("enter/code/", enter.code, name="enter.code"),
    path("enter/member/", enter.member, name="enter.member"),
    path("enter/leave/", enter.leave, name="enter.leave"),
    path("enter/demo/<slug:role>/", enter.demo, name="enter.demo"),
    path("enter/language/", enter.language, name="enter.language"),
    path("enter/theme/", enter.theme, name="enter.theme"),
    path("hq/", today.today, name="hq.today"),
    path("hq/people/", people.listing, name="hq.people"),
    path("hq/people/<uuid:member_id>/", people.person, name="hq.person"),
    path("hq/people/<uuid:member_id>/invite/", people.invite, name="hq.person.invite"),
    path("hq/people/<uuid:member_id>/confirm/", people.confirm, name="hq.person.confirm"),
    path("hq/people/<uuid:member_id>/override/", people.override, name="hq.person.override"),
    path("hq/people/<uuid:member_id>/release/", people.release, name="hq.person.release"),
    path("hq/people/<uuid:member_id>/tag/", people.tag, name="hq.person.tag"),
    path("hq/people/<uuid:member_id>/phone/", people.phone, name="hq.person.phone"),
    path("hq/studies/", studies.studies, name="hq.studies"),
    path("hq/studies/<uuid:study_id>/", studies.study, name="hq.study"),
    path("hq/studies/<uuid:study_id>/report/", studies.report, name="hq.study.report"),
    path("hq/measures/", measures.measures, name="hq.measures"),
    path("hq/measures/<uuid:measurement_id>/", measures.measure, name="hq.measure"),
    path("hq/rings/", desk.policy, name="hq.rings_policy"),
    path("hq/import/", imports.page, name="hq.import"),
    path("hq/import/<str:token>/commit/", imports.commit, name="hq.import.commit"),
    path("hq/import/<uuid:import_id>/refused/", imports.refused, name="hq.import.refused"),
    path("hq/stores/", desk.shops, name="hq.stores"),
    path("hq/audit/", desk.trail, name="hq.audit"),
    path("champion/", champion.today, name="champion.today"),
    path("champion/people/<uuid:member_id>/", champion.person, name="champion.person"),
    path("member/", member.home, name="member.home"),
    path("member/me/", member.me, name="member.me"),
    path("member/consents/<slug:purpose>/", member.consent, name="member.consent"),
    path("member/personalise/", member.personalise, name="member.personalise"),
    path("member/tags/<uuid:tag_id>/delete/", member.untag, name="member.untag"),
    path("member/invitation/", member.invitation, name="member.invitation"),
    path("member/export/", member.export, name="member.export"),
    path("member/erase/", member.erase, name="member.erase"),
    path("member/notice/", member.notice, name="member.notice"),
]
