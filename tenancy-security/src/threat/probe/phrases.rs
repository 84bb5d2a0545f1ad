//! The pieces of text.

use crate::threat::finding::ThreatKind::{
    self, CommandInjection, JndiLookup, ProtocolInjection, TemplateInjection, XmlEntity,
};
use crate::threat::phrases::Phrases;

/// Where a phrase must stand to count.
#[derive(Clone, Copy, Debug)]
pub(super) enum Where {
    Anywhere,
    /// Behind no letter, and with a string or a variable for its argument.
    Called,
}

type Meaning = (ThreatKind, Where, &'static str);

pub(super) static PHRASES: Phrases<Meaning, 163> = Phrases::new(&[
    (
        "<?php",
        (CommandInjection, Where::Anywhere, "code of PHP is opened"),
    ),
    (
        "<?=",
        (CommandInjection, Where::Anywhere, "code of PHP is opened"),
    ),
    (
        "[php]",
        (CommandInjection, Where::Anywhere, "code of PHP is opened"),
    ),
    (
        "{php}",
        (CommandInjection, Where::Anywhere, "code of PHP is opened"),
    ),
    (
        "[/php]",
        (CommandInjection, Where::Anywhere, "code of PHP is opened"),
    ),
    (
        "system(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "exec(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "passthru(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "shell_exec(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "popen(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "proc_open(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "pcntl_exec(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "assert(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "call_user_func(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "call_user_func_array(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "create_function(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "preg_replace(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "include(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "require_once(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "file_get_contents(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "readfile(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "fopen(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "file_put_contents(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "eval(",
        (
            CommandInjection,
            Where::Called,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "base64_decode(",
        (CommandInjection, Where::Anywhere, "code of PHP is hidden"),
    ),
    (
        "gzinflate(",
        (CommandInjection, Where::Anywhere, "code of PHP is hidden"),
    ),
    (
        "str_rot13(",
        (CommandInjection, Where::Anywhere, "code of PHP is hidden"),
    ),
    (
        "phpinfo()",
        (CommandInjection, Where::Anywhere, "code of PHP is hidden"),
    ),
    (
        "get_defined_vars(",
        (CommandInjection, Where::Anywhere, "code of PHP is hidden"),
    ),
    (
        "o:8:\"stdclass\"",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of PHP is made",
        ),
    ),
    (
        "\";s:",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of PHP is made",
        ),
    ),
    (
        "phpggc",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of PHP is made",
        ),
    ),
    (
        "ro0ab",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "java.lang.runtime",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "java.lang.processbuilder",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "getruntime(",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "java.lang.system",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "javax.script.",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "processbuilder(",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "class.forname(",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "org.apache.commons.collections",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "com.sun.rowset",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "classloader.loadclass",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "class.module.classloader",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "java.io.bytearrayinputstream",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "java.lang.class",
        (
            CommandInjection,
            Where::Anywhere,
            "an object of Java is made",
        ),
    ),
    (
        "__import__(",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Python runs a command",
        ),
    ),
    (
        "os.system(",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Python runs a command",
        ),
    ),
    (
        "os.popen(",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Python runs a command",
        ),
    ),
    (
        "subprocess.",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Python runs a command",
        ),
    ),
    (
        "!!python/object",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Python runs a command",
        ),
    ),
    (
        "__subclasses__",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Python runs a command",
        ),
    ),
    (
        "__globals__",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Python runs a command",
        ),
    ),
    (
        "__builtins__",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Python runs a command",
        ),
    ),
    (
        "__mro__",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Python runs a command",
        ),
    ),
    (
        "__class__",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Python runs a command",
        ),
    ),
    (
        "child_process",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Node.js runs a command",
        ),
    ),
    (
        "process.mainmodule",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Node.js runs a command",
        ),
    ),
    (
        "_$$nd_func$$_",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Node.js runs a command",
        ),
    ),
    (
        "global.process",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Node.js runs a command",
        ),
    ),
    (
        "process.binding(",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Node.js runs a command",
        ),
    ),
    (
        "require('fs')",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Node.js runs a command",
        ),
    ),
    (
        "require(\"fs\")",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Node.js runs a command",
        ),
    ),
    (
        "__proto__[",
        (
            CommandInjection,
            Where::Anywhere,
            "the prototype of every object is changed",
        ),
    ),
    (
        "__proto__.",
        (
            CommandInjection,
            Where::Anywhere,
            "the prototype of every object is changed",
        ),
    ),
    (
        "\"__proto__\"",
        (
            CommandInjection,
            Where::Anywhere,
            "the prototype of every object is changed",
        ),
    ),
    (
        "constructor[prototype]",
        (
            CommandInjection,
            Where::Anywhere,
            "the prototype of every object is changed",
        ),
    ),
    (
        "constructor.prototype.",
        (
            CommandInjection,
            Where::Anywhere,
            "the prototype of every object is changed",
        ),
    ),
    (
        "process.spawn(",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Ruby runs a command",
        ),
    ),
    (
        "io.popen(",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Ruby runs a command",
        ),
    ),
    (
        "kernel.exec(",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Ruby runs a command",
        ),
    ),
    (
        "instance_eval",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Ruby runs a command",
        ),
    ),
    (
        "!ruby/object",
        (
            CommandInjection,
            Where::Anywhere,
            "code of Ruby runs a command",
        ),
    ),
    (
        "#_memberaccess",
        (
            TemplateInjection,
            Where::Anywhere,
            "an expression language runs code",
        ),
    ),
    (
        "@java.lang",
        (
            TemplateInjection,
            Where::Anywhere,
            "an expression language runs code",
        ),
    ),
    (
        "ognl.ognlcontext",
        (
            TemplateInjection,
            Where::Anywhere,
            "an expression language runs code",
        ),
    ),
    (
        "#context[",
        (
            TemplateInjection,
            Where::Anywhere,
            "an expression language runs code",
        ),
    ),
    (
        ".getclass().",
        (
            TemplateInjection,
            Where::Anywhere,
            "an expression language runs code",
        ),
    ),
    (
        "#set($",
        (
            TemplateInjection,
            Where::Anywhere,
            "an expression language runs code",
        ),
    ),
    (
        "freemarker.template",
        (
            TemplateInjection,
            Where::Anywhere,
            "an expression language runs code",
        ),
    ),
    (
        "t(java.lang",
        (
            TemplateInjection,
            Where::Anywhere,
            "an expression language runs code",
        ),
    ),
    (
        "t(org.spring",
        (
            TemplateInjection,
            Where::Anywhere,
            "an expression language runs code",
        ),
    ),
    (
        "jndi:ldap",
        (JndiLookup, Where::Anywhere, "an address of JNDI is named"),
    ),
    (
        "jndi:rmi",
        (JndiLookup, Where::Anywhere, "an address of JNDI is named"),
    ),
    (
        "jndi:dns",
        (JndiLookup, Where::Anywhere, "an address of JNDI is named"),
    ),
    (
        "jndi:iiop",
        (JndiLookup, Where::Anywhere, "an address of JNDI is named"),
    ),
    (
        "jndi:nis",
        (JndiLookup, Where::Anywhere, "an address of JNDI is named"),
    ),
    (
        "jndi:corba",
        (JndiLookup, Where::Anywhere, "an address of JNDI is named"),
    ),
    (
        "jndi:http",
        (JndiLookup, Where::Anywhere, "an address of JNDI is named"),
    ),
    (
        "<!--#exec",
        (
            ProtocolInjection,
            Where::Anywhere,
            "the server is told to include or run something",
        ),
    ),
    (
        "<!--#include",
        (
            ProtocolInjection,
            Where::Anywhere,
            "the server is told to include or run something",
        ),
    ),
    (
        "<!--#echo",
        (
            ProtocolInjection,
            Where::Anywhere,
            "the server is told to include or run something",
        ),
    ),
    (
        "<!--#printenv",
        (
            ProtocolInjection,
            Where::Anywhere,
            "the server is told to include or run something",
        ),
    ),
    (
        "<!--#config",
        (
            ProtocolInjection,
            Where::Anywhere,
            "the server is told to include or run something",
        ),
    ),
    (
        "<!--#set",
        (
            ProtocolInjection,
            Where::Anywhere,
            "the server is told to include or run something",
        ),
    ),
    (
        "<esi:include",
        (
            ProtocolInjection,
            Where::Anywhere,
            "the server is told to include or run something",
        ),
    ),
    (
        "\nset-cookie:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a header is added to the answer",
        ),
    ),
    (
        "\nlocation:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a header is added to the answer",
        ),
    ),
    (
        "\ncontent-type:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a header is added to the answer",
        ),
    ),
    (
        "\ncontent-length:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a header is added to the answer",
        ),
    ),
    (
        "\nhttp/1.",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a header is added to the answer",
        ),
    ),
    (
        "\nx-forwarded-",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a header is added to the answer",
        ),
    ),
    (
        "\nrefresh:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a header is added to the answer",
        ),
    ),
    (
        "\nstatus:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a header is added to the answer",
        ),
    ),
    (
        "\rset-cookie:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a header is added to the answer",
        ),
    ),
    (
        "\u{560d}set-cookie:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a header is added to the answer",
        ),
    ),
    (
        "\u{560a}set-cookie:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a header is added to the answer",
        ),
    ),
    (
        "\nrcpt to:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a mail server is spoken to",
        ),
    ),
    (
        "\nmail from:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a mail server is spoken to",
        ),
    ),
    (
        "\nbcc:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a mail server is spoken to",
        ),
    ),
    (
        "\ncc:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a mail server is spoken to",
        ),
    ),
    (
        "\r\nquit\r",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a mail server is spoken to",
        ),
    ),
    (
        "\r\ndata\r",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a mail server is spoken to",
        ),
    ),
    (
        "\r\nrset\r",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a mail server is spoken to",
        ),
    ),
    (
        " capability\r\n",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a mail server is spoken to",
        ),
    ),
    (
        "*)(",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a filter of a directory is closed and another opened",
        ),
    ),
    (
        "))(|(",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a filter of a directory is closed and another opened",
        ),
    ),
    (
        ")(&",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a filter of a directory is closed and another opened",
        ),
    ),
    (
        "(&(",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a filter of a directory is closed and another opened",
        ),
    ),
    (
        "(|(",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a filter of a directory is closed and another opened",
        ),
    ),
    (
        "!(&(",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a filter of a directory is closed and another opened",
        ),
    ),
    (
        ")(cn=",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a filter of a directory is closed and another opened",
        ),
    ),
    (
        ")(uid=",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a filter of a directory is closed and another opened",
        ),
    ),
    (
        ")(objectclass=",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a filter of a directory is closed and another opened",
        ),
    ),
    (
        ")(userpassword=",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a filter of a directory is closed and another opened",
        ),
    ),
    (
        ":2.5.13.",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a filter of a directory is closed and another opened",
        ),
    ),
    (
        ":1.2.840.",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a filter of a directory is closed and another opened",
        ),
    ),
    (
        "[$ne]",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "[$gt]",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "[$lt]",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "[$gte]",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "[$lte]",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "[$regex]",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "[$in]",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "[$nin]",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "[$exists]",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "[$where]",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "\"$where\"",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "\"$ne\"",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "\"$gt\"",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "\"$regex\"",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "\"$elemmatch\"",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "\"$nin\"",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "$where:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "$or:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "$ne:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "$gt:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "$regex:",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "db.injection",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "this.password",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "(system)(",
        (
            CommandInjection,
            Where::Anywhere,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "('system')(",
        (
            CommandInjection,
            Where::Anywhere,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "curl_exec(",
        (
            CommandInjection,
            Where::Anywhere,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "fsockopen(",
        (
            CommandInjection,
            Where::Anywhere,
            "a function of PHP runs a command or code",
        ),
    ),
    (
        "$_get[",
        (
            CommandInjection,
            Where::Anywhere,
            "code of PHP reads the request",
        ),
    ),
    (
        "$_post[",
        (
            CommandInjection,
            Where::Anywhere,
            "code of PHP reads the request",
        ),
    ),
    (
        "$_request[",
        (
            CommandInjection,
            Where::Anywhere,
            "code of PHP reads the request",
        ),
    ),
    (
        "$_cookie[",
        (
            CommandInjection,
            Where::Anywhere,
            "code of PHP reads the request",
        ),
    ),
    (
        "\"$nor\"",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "\"$or\"",
        (
            ProtocolInjection,
            Where::Anywhere,
            "an operator of a document store is set",
        ),
    ),
    (
        "=new date(",
        (
            ProtocolInjection,
            Where::Anywhere,
            "a script of a document store is run",
        ),
    ),
    (
        "xsi:schemalocation=",
        (
            XmlEntity,
            Where::Anywhere,
            "a schema is read from elsewhere",
        ),
    ),
    (
        "xsi:nonamespaceschemalocation=",
        (
            XmlEntity,
            Where::Anywhere,
            "a schema is read from elsewhere",
        ),
    ),
]);
