"""Texts that mean something to a browser, a template, a spreadsheet, LaTeX, Markdown or a terminal."""

HOSTILE = (
    '<script>alert(1)</script>', '</div></td></table><script>x()</script>', '<img src=x onerror=alert(1)>',
    '<svg onload=alert(1)>', '"><b onmouseover="alert(1)">', "' onclick='alert(1)", '<!-- x -->', ']]><x>',
    '&lt;b&gt; &amp; &#60;', 'javascript:alert(1)', '{{ 7*7 }}', '{% raw %}', '{0.__class__}', '%s %(x)s', '${x}',
    '`rm -rf`', '</style><style>*{}', '</title>', '<a href=x>', '=1+1', '+1', '-2+3', '@SUM(A1)', '\t=1', '\r=1',
    '=HYPERLINK("x")', ' =1', '＝1', '\\input{/etc/passwd}', '\\end{tabular}', '50 % & 3 # _ ^ ~ { } $x$', '$$x$$',
    '\\\\', 'a--b ---c', "``q''", '\\textbf{x', '| a | b |', '**bold** _it_ `code`', '[a](b) ![c](d)', '# head',
    '1. one', '- item', '> quote', 'www.x.org http://x.org a@b.c', ':smile:', '~~s~~', '<https://x.org>', 'line\nfeed',
    'line\r\nfeed', 'tab\tstop', '\u2028sep\u2029', '\x1b[31mred\x1b[0m', '\x07\x08', '\u202egnp.exe', '\u2066x\u2069',
    '\u200bzero', '\ufeffbom', '日本語', 'Zoé ñ ß', '[red]rich[/]', "x" * 5000, '',
)  # fmt: skip
