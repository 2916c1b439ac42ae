"""ctypes: structures travel with their memory, addresses are refused."""

import ctypes

from harness import Case, drive


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_double)]

    def total(self):
        return self.x + self.y


class Structure(Case):
    """A ctypes structure of the script"""

    def make():
        return Point(1, 2.5), Point

    def same(obj):
        import ctypes

        point, cls = obj
        assert point.total() == 3.5 and cls(4).x == 4
        assert ctypes.sizeof(cls) == 16 and cls.y.offset == 8


class Nested(Case):
    """Structures in structures and arrays of them"""

    def make():
        class Line(ctypes.Structure):
            _fields_ = [("ends", Point * 2), ("name", ctypes.c_char * 8)]

        return Line((Point(1, 2), Point(3, 4)), b"line"), Point

    def same(obj):
        line, point = obj
        assert line.ends[1].total() == 7 and line.name == b"line" and type(line.ends[0]) is point
        line.ends[0].x = 9
        assert line.ends[0].x == 9
        line.ends[0].x = 1


class Union(Case):
    """A union and a structure with an anonymous one"""

    def make():
        class Word(ctypes.Union):
            _fields_ = [("number", ctypes.c_uint32), ("data", ctypes.c_ubyte * 4)]

        class Packet(ctypes.Structure):
            _anonymous_ = ("word",)
            _fields_ = [("kind", ctypes.c_ubyte), ("word", Word)]

        packet = Packet(1)
        packet.number = 0x01020304
        return packet

    def same(obj):
        assert sorted(obj.data) == [1, 2, 3, 4] and obj.kind == 1 and obj.word.number == obj.number


class BitFields(Case):
    """Bit fields and a big-endian structure"""

    def make():
        class Bits(ctypes.Structure):
            _fields_ = [("low", ctypes.c_uint8, 3), ("high", ctypes.c_uint8, 5)]

        class Big(ctypes.BigEndianStructure):
            _fields_ = [("n", ctypes.c_uint16)]

        return Bits(5, 17), Big(258)

    def same(obj):
        bits, big = obj
        assert (bits.low, bits.high) == (5, 17) and bytes(bits) == bytes([5 | 17 << 3])
        assert bytes(big) == b"\1\2" and big.n == 258


class SimpleAndArrays(Case):
    """Simple values and arrays of them"""

    def make():
        return ctypes.c_int(5), ctypes.c_double(0.5), (ctypes.c_short * 3)(1, 2, 3)

    def same(obj):
        number, half, array = obj
        number.value += 1
        assert number.value == 6 and half.value == 0.5 and list(array) == [1, 2, 3]
        number.value -= 1
        assert type(array)._length_ == 3


class Types(Case):
    """ctypes types: simple, arrays, pointers to structures"""

    def make():
        return ctypes.c_int, ctypes.c_int * 3, ctypes.POINTER(ctypes.c_int)

    def same(obj):
        import ctypes

        number, array, pointer = obj
        assert number is ctypes.c_int and array is ctypes.c_int * 3
        assert pointer is ctypes.POINTER(ctypes.c_int)


class Pointer(Case):
    """A pointer"""

    refused = True
    path = "['pointer']"

    def make():
        return {"pointer": ctypes.pointer(ctypes.c_int(3))}

    def same(obj):
        assert obj["pointer"].contents.value == 3


class StructureWithPointer(Case):
    """A structure that holds an address"""

    refused = True
    path = "[0]"

    def make():
        class Holder(ctypes.Structure):
            _fields_ = [("text", ctypes.c_char_p)]

        return [Holder(b"text")]

    def same(obj):
        assert obj[0].text == b"text"


class Callback(Case):
    """A C callback made of a function"""

    refused = True
    path = "callback"

    def make():
        callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda n: n + 1)
        return lambda n: callback(n)

    def same(obj):
        assert obj(4) == 5


class Header(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_int), ("size", ctypes.c_int))


class Packet(ctypes.Structure):
    _fields_ = (("header", Header), ("data", ctypes.c_int * 3))


class PartsOfStructure(Case):
    """A structure next to parts of it, whose memory is its own"""

    def make():
        packet = Packet()
        return packet.header, packet, packet.data

    def same(obj):
        header, packet, data = obj
        packet.header.size, packet.data[2] = 5, 7
        assert header.size == 5 and data[2] == 7
        header.size = data[2] = 0
        assert packet.header.size == packet.data[2] == 0


class PartAlone(Case):
    """A part of a structure that stays behind"""

    def make():
        packet = Packet()
        packet.header.size = 4
        return packet.header

    def same(obj):
        assert obj.size == 4 and obj._b_base_ is None

    def here(obj):
        assert obj.size == 4


class Halves(ctypes.Union):
    _fields_ = (("whole", ctypes.c_int * 2), ("half", ctypes.c_short * 2))


class PartsWithoutTheWhole(Case):
    """Parts that share memory of a structure, a union, a bytearray or what was pointed to, all of which stay behind"""

    def make():
        packet, halves, memory, number = Packet(), Halves(), bytearray(16), ctypes.c_int(0)
        pointer = ctypes.pointer(number)
        return (
            (packet.data, packet.header, memoryview(packet.data)),
            (halves.whole, halves.half),
            (
                ctypes.c_int.from_buffer(memory, 4),
                (ctypes.c_char * 8).from_buffer(memory, 2),
                memoryview(memory)[6:],
            ),
            (pointer.contents, ctypes.cast(pointer, ctypes.POINTER(ctypes.c_short)).contents),
        )

    def same(obj):
        (data, header, view), (whole, half), (number, chars, rest), (target, low) = obj
        data[1] = whole[0] = number.value = target.value = -1
        assert bytes(view)[4:8] == b"\xff" * 4 and header.size == 0 and half[1] == -1
        assert chars.raw[2:6] == b"\xff" * 4 and rest[0] == 255 and low.value == -1
        data[1] = whole[0] = number.value = target.value = 0


class InBytearray(Case):
    """Numbers that lie in a bytearray, next to it"""

    def make():
        memory = bytearray(16)
        return memory, ctypes.c_int.from_buffer(memory, 4), (ctypes.c_int * 2).from_buffer(memory, 8)

    def same(obj):
        memory, number, numbers = obj
        memory[4], memory[12] = 3, 4
        assert number.value == 3 and list(numbers) == [0, 4]
        number.value = numbers[1] = 0
        assert not any(memory)


if __name__ == "__main__":
    drive()
