//! Values that look like attacks to a filter and are none to a reader.

use tenancy_security::threat::Place;

use super::assert_passes;

const PLACES: [Place; 5] = [
    Place::Query,
    Place::Header,
    Place::Json,
    Place::Form,
    Place::Multipart,
];

#[test]
fn sentences_with_the_words_of_sql_pass() {
    for sentence in [
        "Try out the \"SELECT all\" button",
        "having friends over is nice",
        "union was a great select",
        "Mark, 'Call me when you are here'",
        "the information_schema of the company",
        "Credit union select committee",
        "Select a table from the list, or drop it",
        "Update the cart and delete from it what is sold out",
        "It's 5 or 6, isn't it?",
        "rock 'n' roll and 'soul'",
        "O'Brien",
        "D'Arcy or O'Neill",
        "Insert coin; update later",
        "(select one)",
        "(select one or more)",
        "or (select one)",
        "Order by phone or (select) online",
        "Union Jack select flags from UK",
        "union all day select few from many",
        "the 'union' of 'select' all",
        "5 <@ 6",
        "2 or more",
        "1 or 2 of them",
        "size 8 and 1/2",
        "Where is the order by phone?",
        "100% cotton -- machine wash",
        "C# and F# developers",
        "Tom & Jerry; who is who",
        "!@#",
        "If 2 > 1 and 3 > 2 then 3 > 1, or so they say.",
        "I ordered 2 and 1 = 3 items",
        "5 > 4 or 4 > 5?",
        "5 copies; copy (2) of it",
        "x' = Ax + Bu; y = Cx",
        "turn 1 into @home",
        "5 into @cafe please",
        "look into @bob's report",
        "PowerShell Get-Process lists processes",
        "git log; who wrote this?",
        "first name; last name; id",
        "Smith | NC | 27601",
        "f'(x) = 2x; f''(x) = 2",
        "- Remove Copy trait from Header, copy is non-trivial",
        "- Overflows in rem_pio2 and remquo",
        "- `thread::Thread` and `thread::ThreadId` (#175)",
        "`a` and `b` = `c`, unless `d` is 1",
        "net user growth; net sales of a group",
        "reg add office; ls and cat are tools",
        "see /etc/hosts for the names",
        "two dots .. and a path C:\\new\\id",
        "Order by phone -- we pay for the call",
    ] {
        for place in PLACES {
            assert_passes(place, sentence);
        }
    }
}

#[test]
fn markup_without_a_script_passes() {
    for markup in [
        "<p>Gemstone pendant, <b>silver</b>.</p><ul><li>14 inches</li></ul>",
        "<a href=\"/products/7\" class=\"link\">more</a>",
        "<p style=\"text-align: center; color: #333\">Sale</p>",
        "<?xml version=\"1.0\"?><userInfo><name>Ann</name></userInfo>",
        "<!DOCTYPE html><p>hello</p>",
        "I <3 this & that",
        "if a < b then b > a",
        "JavaScript: Basics of JavaScript Language",
        "Fix Cached<T> as the last argument of a function (#1428)",
        "Ann Lee <ann@example.com>",
        "the onboarding = done",
        "one = 1, online = yes",
        "the image source: onerror = retry, onload = show. Fine?",
        "<Component onClick={handleClick} />",
    ] {
        for place in PLACES {
            assert_passes(place, markup);
        }
    }
}

#[test]
fn values_of_forms_and_of_programmers_pass() {
    for value in [
        "john+or@var.es",
        "+1 (917) 666-0987",
        "https://example.com/a/b?x=1&y=2",
        "a/b testing",
        "and/or",
        "R&D; sales",
        "file..name.txt",
        "/v1..2/notes",
        "Hello {{name}}, your order {{order.number}} is on its way",
        "{% if user %}Hi{% endif %}",
        "${price} per kg",
        "use `cat` or `less`",
        "cd app && npm install && npm start",
        "git commit -m 'fix: don't panic' && git push",
        "cat file.txt | sort | uniq -c",
        "ls | wc -l gives 12",
        "https://example.com/a/b/../c?x=1&y=2#top",
        "~/projects/shop/../lib",
        "<%= title %>",
        "Run `cargo test`; then push",
        "and `if` (in JavaScript) works as `count` (see below) does",
        "[if](/docs/if) or [len](/docs/len)",
        "ping pong; ping; pong",
        "ping; pong",
        "rm; cp; mv",
        "see .git/config for more",
        "Hello {{name}}, your {{settings}} were changed",
        "{\"a\": [1, 2, {\"b\": null}]}",
        "x = y || z && !w",
        "for (i = 0; i < n; i++) { sum += a[i]; }",
        "SGVsbG8sIHdvcmxkIQ==",
        "550e8400-e29b-41d4-a716-446655440000",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "W/\"5e15153d-120f\"",
        "text/html,application/xml;q=0.9,*/*;q=0.8",
        "gzip, deflate, br",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "50% off -- today only",
    ] {
        for place in PLACES {
            assert_passes(place, value);
        }
    }
}
