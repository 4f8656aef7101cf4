"""Where people stand: hq (总部), champion (主理人), member (会员), api (REST), cli. Doors only."""
