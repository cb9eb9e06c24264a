/*
 * The byte ring of bytes.go, as console and store use it: no hold-off, but each end tells
 * the other whenever it has put bytes, and whenever it has made room. The processor is that
 * of ring.pml.
 *
 * The producer sends TOTAL bytes through a ring of SIZE, asleep whenever there is no room;
 * the consumer takes them, asleep whenever there are none.
 *
 * Each of these must fail:
 *
 *   NO_ROOM_NOTICE   the consumer does not tell of room
 *   ONLY_WHEN_EMPTY  the producer tells only if the ring was empty before
 *   INDEX_FIRST      the index moves before the byte is written
 */

#define TOTAL 5
#define SIZE 2
#define MOD 8
#define START 6

#define DIFF(a, b) (((a) + MOD - (b)) % MOD)

#define PROD 0
#define CONS 1
#define BYTE(i) (2 + (i) % SIZE)

byte mem[2 + SIZE];

#define PRODUCER 0
#define CONSUMER 1
bool busy[2];
byte where[2], what[2];

inline store(who, address, value) {
	atomic { !busy[who] -> where[who] = address; what[who] = value; busy[who] = true }
}
inline barrier(who) { !busy[who] }

proctype Buffer(byte who) {
end:	do
	:: atomic { busy[who] -> mem[where[who]] = what[who]; busy[who] = false }
	od
}

bool pending[2];

inline notify(whom) { pending[whom] = true }
inline sleep(who) { atomic { pending[who] -> pending[who] = false } }

#define VALUE(n) (10 + (n))

proctype Producer() {
	byte at = START, cons, sent = 0, was;
	do
	:: sent == TOTAL -> break
	:: else ->
		cons = mem[CONS];
		was = at;
		do /* as many as fit, or fewer */
		:: sent < TOTAL && DIFF(at, cons) < SIZE ->
#ifdef INDEX_FIRST
			store(PRODUCER, PROD, (at + 1) % MOD);
#endif
			store(PRODUCER, BYTE(at), VALUE(sent));
			at = (at + 1) % MOD;
			sent++
		:: at != was || sent == TOTAL || DIFF(at, cons) == SIZE -> break
		od;
		if
		:: at != was ->
			store(PRODUCER, PROD, at);
			barrier(PRODUCER);
#ifdef ONLY_WHEN_EMPTY
			if
			:: was == cons -> notify(CONSUMER)
			:: else
			fi
#else
			notify(CONSUMER)
#endif
		:: else -> sleep(PRODUCER)
		fi
	od
}

proctype Consumer() {
	byte at = START, prod, got = 0, was;
	do
	:: got == TOTAL -> break
	:: else ->
		prod = mem[PROD];
		was = at;
		do /* as many as there are, or fewer */
		:: at != prod ->
			assert(mem[BYTE(at)] == VALUE(got));
			at = (at + 1) % MOD;
			got++
		:: at != was || at == prod -> break
		od;
		if
		:: at != was ->
			store(CONSUMER, CONS, at);
			barrier(CONSUMER);
#ifndef NO_ROOM_NOTICE
			notify(PRODUCER)
#endif
		:: else -> sleep(CONSUMER)
		fi
	od
}

init {
	atomic {
		mem[PROD] = START; mem[CONS] = START;
		run Buffer(PRODUCER); run Buffer(CONSUMER);
		run Producer(); run Consumer()
	}
}
