"""The robot of a group of colleagues (消息推送, once 群机器人): notices to staff, never to members."""
