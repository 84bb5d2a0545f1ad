//! Programs that attackers call.

use crate::threat::words::Words;

/// How much a program's name weighs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Command {
    /// Runs what it is given.
    Shell,
    /// A name that is no ordinary word.
    Tool,
    /// A name that is one.
    Word,
}

use Command::{Shell, Tool, Word};

pub(super) static COMMANDS: Words<Command, 1024> = Words::new(&[
    ("sh", Shell), ("bash", Shell), ("zsh", Shell), ("ksh", Shell), ("csh", Shell),
    ("tcsh", Shell), ("dash", Shell), ("ash", Shell), ("fish", Word), ("cmd", Shell),
    ("powershell", Shell), ("pwsh", Shell), ("python", Shell), ("python2", Shell),
    ("python3", Shell), ("perl", Shell), ("ruby", Shell), ("php", Shell), ("node", Word),
    ("lua", Shell), ("awk", Shell), ("gawk", Shell), ("busybox", Shell), ("cscript", Shell),
    ("wscript", Shell), ("mshta", Shell), ("rundll32", Shell), ("regsvr32", Shell),
    ("env", Word), ("nohup", Tool), ("sudo", Tool), ("su", Word), ("xargs", Tool),
    ("eval", Word), ("exec", Word), ("source", Word), ("time", Word), ("watch", Word),
    ("ls", Tool), ("dir", Tool), ("id", Word), ("whoami", Tool), ("uname", Tool),
    ("pwd", Tool), ("ps", Word), ("w", Word), ("who", Word), ("last", Word),
    ("hostname", Word), ("uptime", Word), ("groups", Word), ("cat", Word), ("tac", Tool),
    ("nl", Tool), ("more", Word), ("less", Word), ("head", Word), ("tail", Word),
    ("od", Tool), ("xxd", Tool), ("hexdump", Tool), ("strings", Word), ("rev", Tool),
    ("base64", Tool), ("grep", Tool), ("egrep", Tool), ("fgrep", Tool), ("sed", Tool),
    ("sort", Word), ("uniq", Tool), ("cut", Word), ("tr", Tool), ("tee", Word),
    ("paste", Word), ("diff", Word), ("find", Word), ("locate", Word), ("which", Word),
    ("whereis", Tool), ("file", Word), ("stat", Tool), ("touch", Word), ("cp", Tool),
    ("mv", Tool), ("rm", Tool), ("rmdir", Tool), ("mkdir", Tool), ("ln", Tool),
    ("chmod", Tool), ("chown", Tool), ("chgrp", Tool), ("dd", Tool), ("df", Tool),
    ("du", Tool), ("mount", Word), ("tar", Word), ("zip", Word), ("unzip", Word),
    ("gzip", Tool), ("gunzip", Tool), ("bzip2", Tool), ("echo", Word), ("printf", Tool),
    ("wget", Tool), ("curl", Tool), ("fetch", Word), ("lynx", Word), ("nc", Tool),
    ("ncat", Tool), ("netcat", Tool), ("socat", Tool), ("telnet", Tool), ("ssh", Tool),
    ("scp", Tool), ("sftp", Tool), ("ftp", Tool), ("tftp", Tool), ("rsync", Tool),
    ("ping", Tool), ("ping6", Tool), ("traceroute", Tool), ("tracert", Tool),
    ("nslookup", Tool), ("dig", Word), ("host", Word), ("getent", Tool), ("nmap", Tool),
    ("netstat", Tool), ("ss", Tool), ("ifconfig", Tool), ("ipconfig", Tool), ("ip", Word),
    ("arp", Tool), ("route", Word), ("iptables", Tool), ("tcpdump", Tool), ("kill", Word),
    ("killall", Tool), ("pkill", Tool), ("sleep", Word), ("usleep", Tool), ("timeout", Word),
    ("true", Word), ("false", Word), ("test", Word), ("set", Word), ("export", Word),
    ("unset", Word), ("alias", Word), ("history", Word), ("passwd", Tool), ("useradd", Tool),
    ("adduser", Tool), ("usermod", Tool), ("crontab", Tool), ("at", Word), ("service", Word),
    ("systemctl", Tool), ("init", Word), ("reboot", Word), ("shutdown", Word), ("halt", Word),
    ("dmesg", Tool), ("lsof", Tool), ("lsb_release", Tool), ("top", Word), ("htop", Tool),
    ("free", Word), ("man", Word), ("vi", Tool), ("vim", Tool), ("nano", Word), ("ed", Word),
    ("gcc", Tool), ("cc", Word), ("make", Word), ("gdb", Tool), ("strace", Tool),
    ("apt", Word), ("apt-get", Tool), ("yum", Tool), ("dpkg", Tool), ("rpm", Tool),
    ("pip", Word), ("npm", Tool), ("git", Tool), ("svn", Tool), ("docker", Tool),
    ("kubectl", Tool), ("mysql", Tool), ("mysqldump", Tool), ("psql", Tool),
    ("sqlite3", Tool), ("mongo", Tool), ("openssl", Tool), ("mail", Word), ("sendmail", Tool),
    ("mutt", Tool), ("xterm", Tool), ("type", Word), ("copy", Word), ("del", Tool),
    ("move", Word), ("ren", Word), ("md", Word), ("rd", Word), ("cd", Tool), ("net", Word),
    ("netsh", Tool), ("systeminfo", Tool), ("tasklist", Tool), ("taskkill", Tool),
    ("wmic", Tool), ("reg", Word), ("regedit", Tool), ("sc", Word), ("schtasks", Tool),
    ("certutil", Tool), ("bitsadmin", Tool), ("icacls", Tool), ("attrib", Tool),
    ("ver", Word), ("vol", Word), ("tree", Word), ("start", Word), ("call", Word),
    ("iwr", Tool), ("iex", Tool), ("invoke-webrequest", Tool), ("invoke-expression", Tool),
    ("start-process", Tool), ("get-process", Tool), ("get-childitem", Tool),
    ("gcore", Tool), ("rbash", Shell), ("expr", Tool), ("seq", Tool), ("yes", Word),
    ("wc", Tool), ("column", Word), ("comm", Tool), ("split", Word), ("join", Word),
    ("ifdown", Tool), ("ifup", Tool), ("lsmod", Tool), ("insmod", Tool), ("modprobe", Tool),
    ("env_", Word), ("irb", Tool), ("ghci", Tool), ("erl", Tool), ("tclsh", Shell),
    ("logname", Tool), ("finger", Word), ("showmount", Tool), ("zcat", Tool), ("bzcat", Tool),
    ("xzcat", Tool), ("zgrep", Tool), ("perf", Word), ("pr", Word), ("fold", Word),
    ("nproc", Tool), ("arch", Word), ("lscpu", Tool), ("printenv", Tool), ("declare", Word),
    ("getfacl", Tool), ("setfacl", Tool), ("ansible", Word), ("jq", Tool), ("sqlmap", Tool),
]);
