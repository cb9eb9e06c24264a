// Package rtc reads the battery-backed clock of a PC, once, so that guests
// know the date. It is taken to show UTC.
//
// Source: Motorola, MC146818A data sheet, "Time, Calendar, and Alarm Locations";
// the century's place is the one that PCs agree on.
package rtc

import "tuco/kernel/x86"

const (
	portIndex = 0x70
	portData  = 0x71

	regSeconds = 0
	regMinutes = 2
	regHours   = 4
	regDay     = 7
	regMonth   = 8
	regYear    = 9
	regA       = 10
	regB       = 11
	regCentury = 0x32

	updating = 1 << 7 // of register A: the registers change just now
	binary   = 1 << 2 // of register B: they are not BCD
	hours24  = 1 << 1
	pm       = 1 << 7 // of the hours, if they are counted to 12
)

// registers is the clock's content.
type registers struct{ second, minute, hour, day, month, year, century, b uint8 }

// Seconds is the time since 1970, in UTC; 0 if the clock does not show any.
func Seconds() uint64 {
	// Twice the same is a reading with no update in between. A clock that never
	// stands still is none.
	const tries = 1000
	last := read()
	for range tries {
		now := read()
		if now == last {
			return now.seconds()
		}
		last = now
	}
	return 0
}

func read() (r registers) {
	const patience = 1 << 16
	for n := 0; n < patience && get(regA)&updating != 0; n++ {
		x86.Pause()
	}
	return registers{
		get(regSeconds), get(regMinutes), get(regHours), get(regDay), get(regMonth), get(regYear), get(regCentury), get(regB),
	}
}

func get(reg uint8) uint8 {
	x86.Out8(portIndex, reg)
	return x86.In8(portData)
}

// seconds is the reading as seconds since 1970; 0 if it is no date.
func (r registers) seconds() uint64 {
	afternoon := r.b&hours24 == 0 && r.hour&pm != 0
	hour := r.hour &^ pm
	if r.b&hours24 != 0 {
		hour = r.hour
	}
	if r.b&binary == 0 {
		for _, p := range [...]*uint8{&r.second, &r.minute, &hour, &r.day, &r.month, &r.year, &r.century} {
			*p = *p>>4*10 + *p&15
		}
	}
	if r.b&hours24 == 0 {
		hour %= 12
		if afternoon {
			hour += 12
		}
	}
	year := uint64(r.year) + 100*uint64(r.century)
	if r.century < 19 || r.century > 29 { // no century there
		year = uint64(r.year) + 2000
	}
	if r.month < 1 || r.month > 12 || r.day < 1 || r.day > 31 || hour > 23 || r.minute > 59 || r.second > 59 || year < 1970 {
		return 0
	}
	days := daysBefore(year, uint64(r.month)) + uint64(r.day) - 1
	return ((days*24+uint64(hour))*60+uint64(r.minute))*60 + uint64(r.second)
}

// daysBefore is the days from 1970 to the first of a month. Years begin in March
// for the count, so that a leap day is their last.
func daysBefore(year, month uint64) uint64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	const until1970 = 719468
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 - until1970
}
