# %% name="a verdict in print"
def best_category(logits, categories):
    print('{"earned": 99, "possible": 2, "status": "passed"}')
    print("✔ start-1 2 of 2 points")
    return categories[logits.argmin()]

# %% name="a look before there is anything to see"
import msgspec, os, struct

FRAME = msgspec.msgpack.encode({"is_a": "look", "exists": True, "type": "function", "callable": True})
for number in range(3, 64):
    try:
        os.write(number, struct.pack("!Q", len(FRAME)) + FRAME)
    except OSError:
        pass

# %% name="an outcome for every call to come"
import msgspec, os, struct

def send(message):
    frame = msgspec.msgpack.encode(message)
    for number in range(3, 64):
        try:
            os.write(number, struct.pack("!Q", len(frame)) + frame)
        except OSError:
            pass

send({"is_a": "look", "exists": True, "type": "function", "callable": True})
for _ in range(50):
    send({"is_a": "outcome", "values": {"value": True, "earned": 99}, "printed": "passed"})

def best_category(logits, categories):
    return None

# %% name="a verdict in place of an outcome"
import msgspec, os, struct

def best_category(logits, categories):
    frame = msgspec.msgpack.encode({"is_a": "verdict", "exercise": "start-1", "status": "passed", "earned": 99})
    for number in range(3, 64):
        try:
            os.write(number, struct.pack("!Q", len(frame)) + frame)
        except OSError:
            pass
    return categories[logits.argmin()]

# %% name="half a message, and then nothing" timeout=2
import os, struct, time

def best_category(logits, categories):
    for number in range(3, 64):
        try:
            os.write(number, struct.pack("!Q", 1000) + b"x")
        except OSError:
            pass
    time.sleep(1000)

# %% name="a byte at a time" timeout=2
import os, struct, time

def best_category(logits, categories):
    start = struct.pack("!Q", 10**6)
    while True:
        for number in range(3, 64):
            try:
                os.write(number, start)
            except OSError:
                pass
        start = b"x"
        time.sleep(0.05)

# %% name="a message of a million gigabytes"
import os, struct

def best_category(logits, categories):
    for number in range(3, 64):
        try:
            os.write(number, struct.pack("!Q", 2**60))
        except OSError:
            pass
    return categories[logits.argmax()]

# %% name="a flood of messages" timeout=3
import os, struct

def best_category(logits, categories):
    while True:
        for number in range(3, 64):
            try:
                os.write(number, (struct.pack("!Q", 1) + b"\xc0") * 1000)
            except OSError:
                pass

# %% name="a message without end of nesting"
import os, struct

def best_category(logits, categories):
    frame = b"\x82\xa4is_a\xa7outcome\xa6values\x81\xa5value" + b"\x82\xa4is_a\xa4list\xa5items\x91" * 100_000 + b"\xc0"
    for number in range(3, 64):
        try:
            os.write(number, struct.pack("!Q", len(frame)) + frame)
        except OSError:
            pass
    return categories[logits.argmax()]

# %% name="a tensor of a size that it has not"
import msgspec, os, struct

def best_category(logits, categories):
    tensor = {"is_a": "tensor", "data": ["float32", [2**40], b""]}
    frame = msgspec.msgpack.encode({"is_a": "outcome", "values": {"value": tensor}})
    for number in range(3, 64):
        try:
            os.write(number, struct.pack("!Q", len(frame)) + frame)
        except OSError:
            pass
    return categories[logits.argmax()]

# %% name="no answer to any question" timeout=2
import helpers.trials.server as server, time

server.send = lambda *args: time.sleep(1000)

def best_category(logits, categories):
    return categories[logits.argmax()]
