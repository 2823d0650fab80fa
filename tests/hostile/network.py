# %% name="a connection to the world"
import socket

def found():
    for address in (("1.1.1.1", 53), ("192.0.2.1", 80), ("10.0.0.1", 22)):
        try:
            socket.create_connection(address, timeout=1).close()
            return True
        except OSError:
            pass
    return False

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="a name to look up"
import socket

def found():
    try:
        return bool(socket.getaddrinfo("pypi.org", 443))
    except OSError:
        return False

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="a page to fetch"
import urllib.request

def found():
    try:
        return bool(urllib.request.urlopen("http://127.0.0.1:8888", timeout=1))
    except OSError:
        return False

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="sockets of other programs"
import os, socket

def found():
    with open("/proc/net/unix") as file:
        abstract = [line.split()[-1] for line in file if "@" in line]
    paths = [os.path.join(where, name) for folder in ("/tmp", "/run", "/var/run") for where, _, files in os.walk(folder) for name in files]
    for address in ["\0" + name[1:] for name in abstract] + paths:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(address)
                return True
            except OSError:
                pass
    return False

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None
