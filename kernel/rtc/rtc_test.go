package rtc

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func bcd(n int) uint8 { return uint8(n/10<<4 | n%10) }

func TestSeconds(t *testing.T) {
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Date(2000, 2, 29, 23, 59, 59, 0, time.UTC), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2099, 12, 31, 12, 30, 1, 0, time.UTC), time.Date(2024, 1, 1, 0, 5, 0, 0, time.UTC),
	} {
		at = at.UTC()
		y, m, d := at.Date()
		plain := registers{
			uint8(at.Second()), uint8(at.Minute()), uint8(at.Hour()), uint8(d), uint8(m), uint8(y % 100), uint8(y / 100),
			binary | hours24,
		}
		assert.EqualValues(t, at.Unix(), plain.seconds(), "%v", at)
		coded := registers{
			bcd(at.Second()), bcd(at.Minute()), bcd(at.Hour()), bcd(d), bcd(int(m)), bcd(y % 100), bcd(y / 100), hours24,
		}
		assert.EqualValues(t, at.Unix(), coded.seconds(), "%v, BCD", at)
		twelve := coded
		twelve.b = 0
		hour := (at.Hour()+11)%12 + 1
		twelve.hour = bcd(hour)
		if at.Hour() >= 12 {
			twelve.hour |= pm
		}
		assert.EqualValues(t, at.Unix(), twelve.seconds(), "%v, 12 hours", at)
	}
	assert.Zero(t, registers{month: 13, day: 1, b: binary}.seconds())
	assert.Zero(t, registers{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}.seconds(), "no clock")
}
