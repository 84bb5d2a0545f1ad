//! The pieces of text.

use crate::threat::finding::ThreatKind::{
    self, CommandInjection, JndiLookup, ProtocolInjection, TemplateInjection, XmlEntity,
};
use crate::threat::phrases::Phrases;
use crate::threat::search::Needle;

/// Where a phrase must stand to count.
#[derive(Clone, Copy, Debug)]
pub(super) enum Where {
    Anywhere,
    /// Behind no letter, and with a string or a variable for its argument.
    Called,
}

type Meaning = (ThreatKind, Where, &'static str);

const PHP_OPENED: Meaning = (CommandInjection, Where::Anywhere, "code of PHP is opened");
const PHP_CALL: Meaning = (
    CommandInjection,
    Where::Called,
    "a function of PHP runs a command or code",
);
const PHP_HIDDEN: Meaning = (CommandInjection, Where::Anywhere, "code of PHP is hidden");
const PHP_OBJECT: Meaning = (
    CommandInjection,
    Where::Anywhere,
    "an object of PHP is made",
);
const JAVA: Meaning = (
    CommandInjection,
    Where::Anywhere,
    "an object of Java is made",
);
const PYTHON: Meaning = (
    CommandInjection,
    Where::Anywhere,
    "code of Python runs a command",
);
const NODE: Meaning = (
    CommandInjection,
    Where::Anywhere,
    "code of Node.js runs a command",
);
const PROTOTYPE: Meaning = (
    CommandInjection,
    Where::Anywhere,
    "the prototype of every object is changed",
);
const RUBY: Meaning = (
    CommandInjection,
    Where::Anywhere,
    "code of Ruby runs a command",
);
const EXPRESSION: Meaning = (
    TemplateInjection,
    Where::Anywhere,
    "an expression language runs code",
);
const JNDI: Meaning = (JndiLookup, Where::Anywhere, "an address of JNDI is named");
const SERVER_SIDE: Meaning = (
    ProtocolInjection,
    Where::Anywhere,
    "the server is told to include or run something",
);
const HEADER: Meaning = (
    ProtocolInjection,
    Where::Anywhere,
    "a header is added to the answer",
);
const MAIL: Meaning = (
    ProtocolInjection,
    Where::Anywhere,
    "a mail server is spoken to",
);
const DIRECTORY: Meaning = (
    ProtocolInjection,
    Where::Anywhere,
    "a filter of a directory is closed and another opened",
);
const DOCUMENT: Meaning = (
    ProtocolInjection,
    Where::Anywhere,
    "an operator of a document store is set",
);
const PHP_FUNCTION: Meaning = (
    CommandInjection,
    Where::Anywhere,
    "a function of PHP runs a command or code",
);
const PHP_REQUEST: Meaning = (
    CommandInjection,
    Where::Anywhere,
    "code of PHP reads the request",
);
const DOCUMENT_SCRIPT: Meaning = (
    ProtocolInjection,
    Where::Anywhere,
    "a script of a document store is run",
);
const SCHEMA: Meaning = (
    XmlEntity,
    Where::Anywhere,
    "a schema is read from elsewhere",
);

/// Those that are words.
pub(super) static WORDS: &[(Needle, Meaning)] = &[
    (Needle::new(b"phpggc"), PHP_OBJECT),
    (Needle::new(b"ro0ab"), JAVA),
];

/// Those with a sign in them.
pub(super) static PHRASES: Phrases<Meaning, 164> = Phrases::with_signs(&[
    ("<?php", PHP_OPENED),
    ("<?=", PHP_OPENED),
    ("[php]", PHP_OPENED),
    ("{php}", PHP_OPENED),
    ("[/php]", PHP_OPENED),
    ("system(", PHP_CALL),
    ("exec(", PHP_CALL),
    ("passthru(", PHP_CALL),
    ("shell_exec(", PHP_CALL),
    ("popen(", PHP_CALL),
    ("proc_open(", PHP_CALL),
    ("pcntl_exec(", PHP_CALL),
    ("assert(", PHP_CALL),
    ("call_user_func(", PHP_CALL),
    ("call_user_func_array(", PHP_CALL),
    ("create_function(", PHP_CALL),
    ("preg_replace(", PHP_CALL),
    ("include(", PHP_CALL),
    ("require_once(", PHP_CALL),
    ("file_get_contents(", PHP_CALL),
    ("readfile(", PHP_CALL),
    ("fopen(", PHP_CALL),
    ("file_put_contents(", PHP_CALL),
    ("eval(", PHP_CALL),
    ("base64_decode(", PHP_HIDDEN),
    ("gzinflate(", PHP_HIDDEN),
    ("str_rot13(", PHP_HIDDEN),
    ("phpinfo()", PHP_HIDDEN),
    ("get_defined_vars(", PHP_HIDDEN),
    ("o:8:\"stdclass\"", PHP_OBJECT),
    ("\";s:", PHP_OBJECT),
    ("java.lang.runtime", JAVA),
    ("java.lang.processbuilder", JAVA),
    ("getruntime(", JAVA),
    ("java.lang.system", JAVA),
    ("javax.script.", JAVA),
    ("processbuilder(", JAVA),
    ("class.forname(", JAVA),
    ("org.apache.commons.collections", JAVA),
    ("com.sun.rowset", JAVA),
    ("classloader.loadclass", JAVA),
    ("class.module.classloader", JAVA),
    ("java.io.bytearrayinputstream", JAVA),
    ("java.lang.class", JAVA),
    ("__import__(", PYTHON),
    ("os.system(", PYTHON),
    ("os.popen(", PYTHON),
    ("subprocess.", PYTHON),
    ("!!python/object", PYTHON),
    ("__subclasses__", PYTHON),
    ("__globals__", PYTHON),
    ("__builtins__", PYTHON),
    ("__mro__", PYTHON),
    ("__class__", PYTHON),
    ("child_process", NODE),
    ("process.mainmodule", NODE),
    ("_$$nd_func$$_", NODE),
    ("global.process", NODE),
    ("process.binding(", NODE),
    ("require('fs')", NODE),
    ("require(\"fs\")", NODE),
    ("__proto__[", PROTOTYPE),
    ("__proto__.", PROTOTYPE),
    ("\"__proto__\"", PROTOTYPE),
    ("constructor[prototype]", PROTOTYPE),
    ("constructor.prototype.", PROTOTYPE),
    ("process.spawn(", RUBY),
    ("io.popen(", RUBY),
    ("kernel.exec(", RUBY),
    ("instance_eval", RUBY),
    ("!ruby/object", RUBY),
    ("#_memberaccess", EXPRESSION),
    ("@java.lang", EXPRESSION),
    ("ognl.ognlcontext", EXPRESSION),
    ("#context[", EXPRESSION),
    (".getclass().", EXPRESSION),
    ("#set($", EXPRESSION),
    ("freemarker.template", EXPRESSION),
    ("t(java.lang", EXPRESSION),
    ("t(org.spring", EXPRESSION),
    ("jndi:ldap", JNDI),
    ("jndi:rmi", JNDI),
    ("jndi:dns", JNDI),
    ("jndi:iiop", JNDI),
    ("jndi:nis", JNDI),
    ("jndi:corba", JNDI),
    ("jndi:http", JNDI),
    ("<!--#exec", SERVER_SIDE),
    ("<!--#include", SERVER_SIDE),
    ("<!--#echo", SERVER_SIDE),
    ("<!--#printenv", SERVER_SIDE),
    ("<!--#config", SERVER_SIDE),
    ("<!--#set", SERVER_SIDE),
    ("<esi:include", SERVER_SIDE),
    ("\nset-cookie:", HEADER),
    ("\nlocation:", HEADER),
    ("\ncontent-type:", HEADER),
    ("\ncontent-length:", HEADER),
    ("\nhttp/1.", HEADER),
    ("\nx-forwarded-", HEADER),
    ("\nrefresh:", HEADER),
    ("\nstatus:", HEADER),
    ("\rset-cookie:", HEADER),
    ("\u{560d}set-cookie:", HEADER),
    ("\u{560a}set-cookie:", HEADER),
    ("\nrcpt to:", MAIL),
    ("\nmail from:", MAIL),
    ("\nbcc:", MAIL),
    ("\ncc:", MAIL),
    ("\r\nquit\r", MAIL),
    ("\r\ndata\r", MAIL),
    ("\r\nrset\r", MAIL),
    (" capability\r\n", MAIL),
    ("*)(", DIRECTORY),
    ("))(|(", DIRECTORY),
    (")(&", DIRECTORY),
    ("(&(", DIRECTORY),
    ("(|(", DIRECTORY),
    ("!(&(", DIRECTORY),
    (")(cn=", DIRECTORY),
    (")(uid=", DIRECTORY),
    (")(objectclass=", DIRECTORY),
    (")(userpassword=", DIRECTORY),
    (":2.5.13.", DIRECTORY),
    (":1.2.840.", DIRECTORY),
    ("[$ne]", DOCUMENT),
    ("[$gt]", DOCUMENT),
    ("[$lt]", DOCUMENT),
    ("[$gte]", DOCUMENT),
    ("[$lte]", DOCUMENT),
    ("[$regex]", DOCUMENT),
    ("[$in]", DOCUMENT),
    ("[$nin]", DOCUMENT),
    ("[$exists]", DOCUMENT),
    ("[$where]", DOCUMENT),
    ("\"$where\"", DOCUMENT),
    ("\"$ne\"", DOCUMENT),
    ("\"$gt\"", DOCUMENT),
    ("\"$regex\"", DOCUMENT),
    ("\"$elemmatch\"", DOCUMENT),
    ("\"$nin\"", DOCUMENT),
    ("$where:", DOCUMENT),
    ("$or:", DOCUMENT),
    ("$ne:", DOCUMENT),
    ("$gt:", DOCUMENT),
    ("$regex:", DOCUMENT),
    ("db.injection", DOCUMENT),
    ("this.password", DOCUMENT),
    ("\"$nor\"", DOCUMENT),
    ("\"$or\"", DOCUMENT),
    ("(system)(", PHP_FUNCTION),
    ("('system')(", PHP_FUNCTION),
    ("curl_exec(", PHP_FUNCTION),
    ("fsockopen(", PHP_FUNCTION),
    ("$_get[", PHP_REQUEST),
    ("$_post[", PHP_REQUEST),
    ("$_request[", PHP_REQUEST),
    ("$_cookie[", PHP_REQUEST),
    ("=new date(", DOCUMENT_SCRIPT),
    ("{$smarty.", EXPRESSION),
    ("system.diagnostics.process", EXPRESSION),
    ("system-property(", EXPRESSION),
    ("xsi:schemalocation=", SCHEMA),
    ("xsi:nonamespaceschemalocation=", SCHEMA),
]);
