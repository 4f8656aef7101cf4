"""Live codes at the platform: made, changed, taken away. The id is written down before anything else is asked."""

from tongxin.connect.wecom.api import ways
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.errors import Fault, WeComFault
from tongxin.outreach.actions import wecom_codes
from tongxin.outreach.queries import wecom as kept


class Coder:
    """A worker's pen."""

    def __init__(self, corp: Caller) -> None:
        self._corp = corp

    def round(self) -> int:
        """Bring ordered, changed and closed codes to the platform; answers how many. What fails is tried in the next round.

        When nobody knows whether a code was made, another is made: the first was never printed, and nothing lists it.
        """
        wecom_codes.roll_over()
        done = 0
        for code in kept.codes_to_make():
            try:
                self._bring(code)
                done += 1
            except WeComFault as fault:
                if fault.fault in {Fault.UNREACHED, Fault.LIMIT, Fault.CREDENTIALS, Fault.ADDRESS}:
                    break
        return done

    def _bring(self, code: kept.CodeWork) -> None:
        if code.closed:
            self._take_away(code)
        elif not code.config_id:
            self._make(code)
        elif code.into_groups:
            ways.change_groups(
                self._corp,
                code.config_id,
                chats=code.chats,
                state=code.state,
                remark=code.label,
                room=code.room_name,
            )
            wecom_codes.live(code.pk, users=code.users, chats=code.chats)
        else:
            ways.change_colleagues(
                self._corp, code.config_id, users=code.users, state=code.state, remark=code.label
            )
            wecom_codes.live(code.pk, users=code.users, chats=code.chats)

    def _make(self, code: kept.CodeWork) -> None:
        if code.into_groups:
            config = ways.into_groups(
                self._corp, chats=code.chats, state=code.state, remark=code.label, room=code.room_name
            )
            wecom_codes.made(code.pk, config)
            picture = ways.group_way(self._corp, config).qr_code
        else:
            way = ways.to_colleagues(self._corp, users=code.users, state=code.state, remark=code.label)
            wecom_codes.made(code.pk, way.config_id, way.qr_code)
            picture = way.qr_code
        wecom_codes.live(code.pk, users=code.users, chats=code.chats, picture=picture)

    def _take_away(self, code: kept.CodeWork) -> None:
        try:
            (ways.close_groups if code.into_groups else ways.close_colleagues)(self._corp, code.config_id)
        except WeComFault as fault:
            if fault.fault not in {Fault.INPUT, Fault.ABSENT}:  # it is gone already
                raise
        wecom_codes.ended(code.pk)
