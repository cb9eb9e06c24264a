/*
 * The ring of front.go and back.go, with its hold-off of notifications, on a processor
 * whose stores wait in a buffer while later loads go ahead (x86-TSO).
 *
 * The front end sends TOTAL requests and waits for as many responses, asleep whenever it
 * may be; the back end answers them, asleep whenever it may be. A lost wake-up is a state
 * in which nothing can go on although the front end has not finished: spin calls that an
 * invalid end state. What lies in slots is compared with what was put there.
 *
 * Each of these leaves out a step, and must fail:
 *
 *   FRONT_NO_CHECK  BACK_NO_CHECK      sleep without a last look (FinalCheck)
 *   FRONT_NO_BARRIER  BACK_NO_BARRIER  the wish may still be in the store buffer then
 *   PUSH_NO_BARRIER                    the index may be, when the other's wish is read
 *   INDEX_FIRST                        the index moves before the slot is written
 */

#ifndef TOTAL
#define TOTAL 4
#endif
#define SLOTS 2
#define MOD 8                     /* indices wrap at it, as they do at 2^32 */
#define START 6                   /* so that they do */

#define DIFF(a, b) (((a) + MOD - (b)) % MOD)

/* Shared memory: the header's words, then the slots. */
#define REQ_PROD 0
#define REQ_EVENT 1
#define RSP_PROD 2
#define RSP_EVENT 3
#define SLOT(i) (4 + (i) % SLOTS)

byte mem[4 + SLOTS];

/* The store buffers. One entry each is enough for a load to overtake a store. */
#define FRONT 0
#define BACK 1
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

/* The event channel: an event is pending at either end, or not. */
bool pending[2];

inline notify(whom) { pending[whom] = true }
inline sleep(who) { atomic { pending[who] -> pending[who] = false } }

#define REQUEST(n) (10 + (n))
#define RESPONSE(n) (100 + (n))

proctype Front() {
	byte put = START, pushed = START, taken = START, seen = START;
	byte sent = 0, got = 0, event, after;
	do
	:: got == TOTAL -> break
	:: else ->
		do /* put as many as there are and as fit, or fewer */
		:: sent < TOTAL && DIFF(put, taken) < SLOTS ->
#ifdef INDEX_FIRST
			store(FRONT, REQ_PROD, (put + 1) % MOD);
#endif
			store(FRONT, SLOT(put), REQUEST(sent));
			put = (put + 1) % MOD;
			sent++
		:: break
		od;
		if /* push */
		:: put != pushed ->
			store(FRONT, REQ_PROD, put);
#ifndef PUSH_NO_BARRIER
			barrier(FRONT);
#endif
			event = mem[REQ_EVENT];
			if
			:: DIFF(put, event) < DIFF(put, pushed) -> notify(BACK)
			:: else
			fi;
			pushed = put
		:: else
		fi;
		seen = mem[RSP_PROD];
		do /* take what is there */
		:: taken != seen ->
			assert(mem[SLOT(taken)] == RESPONSE(got));
			taken = (taken + 1) % MOD;
			got++
		:: else -> break
		od;
		if /* may it sleep, and until how many responses are there? */
		:: got < TOTAL && put != taken ->
			after = 1;
			do
			:: after < DIFF(put, taken) -> after++
			:: break
			od;
			store(FRONT, RSP_EVENT, (taken + after) % MOD);
#ifndef FRONT_NO_BARRIER
			barrier(FRONT);
#endif
#ifndef FRONT_NO_CHECK
			seen = mem[RSP_PROD];
#endif
			if
			:: DIFF(seen, taken) < after -> sleep(FRONT)
			:: else
			fi
		:: else
		fi
	od
}

proctype Back() {
	byte taken = START, put = START, pushed = START, seen = START;
	byte answered = 0, event, held = 0;
	do
	:: seen = mem[REQ_PROD];
		do /* take what is there; answer some of that now, and some later */
		:: taken != seen ->
			assert(mem[SLOT(taken)] == REQUEST(answered + held));
			taken = (taken + 1) % MOD;
			held++
		:: held > 0 ->
			store(BACK, SLOT(put), RESPONSE(answered));
			put = (put + 1) % MOD;
			answered++;
			held--
		:: taken == seen -> break
		od;
		if /* push */
		:: put != pushed ->
			store(BACK, RSP_PROD, put);
#ifndef PUSH_NO_BARRIER
			barrier(BACK);
#endif
			event = mem[RSP_EVENT];
			if
			:: DIFF(put, event) < DIFF(put, pushed) -> notify(FRONT)
			:: else
			fi;
			pushed = put
		:: else
		fi;
		if /* may it sleep? Not with answers in hand, which nobody would wake it for */
		:: held == 0 ->
			store(BACK, REQ_EVENT, (taken + 1) % MOD);
#ifndef BACK_NO_BARRIER
			barrier(BACK);
#endif
#ifndef BACK_NO_CHECK
			seen = mem[REQ_PROD];
#endif
			if
			:: seen == taken ->
end:				sleep(BACK)
			:: else
			fi
		:: else
		fi
	od
}

init {
	atomic {
		mem[REQ_PROD] = START; mem[REQ_EVENT] = START + 1;
		mem[RSP_PROD] = START; mem[RSP_EVENT] = START + 1;
		run Buffer(FRONT); run Buffer(BACK);
		run Front(); run Back()
	}
}
