package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"

	"tuco/control/domains"
	"tuco/control/network"
	"tuco/control/vswitch"
)

// rulesFile is where our ramdisk has the rules between guests, if somebody gives them.
const rulesFile = "network.rules"

// rulesDocument is how the network's rules are kept: what is forwarded to guests, and who may talk to whom.
type rulesDocument struct {
	Forwards []string `json:"forwards"`
	Rules    string   `json:"rules"`
}

// keepRules gives a network the rules of the record, and those that are given: a forward in place of another of the same port, and a file of rules in place of all. They are on record then.
func keepRules(kept domains.Store, s *network.Service, root fs.FS, log *slog.Logger) error {
	text, err := kept.Load()
	if err != nil {
		return fmt.Errorf("the network's rules: %w", err)
	}
	var d rulesDocument
	if text != nil {
		if err := json.Unmarshal(text, &d); err != nil {
			return fmt.Errorf("the network's rules on record: %w", err)
		}
	}
	given := s.Forwards
	s.Forwards = nil
	for _, word := range d.Forwards {
		f, err := parseForward(word)
		if err != nil {
			return fmt.Errorf("the network's rules on record: %q: %w", word, err)
		}
		if !slices.ContainsFunc(given, func(g network.Forward) bool { return g.Port == f.Port }) {
			s.Forwards = append(s.Forwards, f)
		}
	}
	s.Forwards = append(s.Forwards, given...)
	switch file, err := fs.ReadFile(root, rulesFile); {
	case err == nil:
		d.Rules = string(file)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parsed, err := vswitch.ParseRules(rulesFile, d.Rules)
	if err != nil {
		return err
	}
	s.Switch.SetRules(parsed)
	d.Forwards = nil
	for _, f := range s.Forwards {
		d.Forwards = append(d.Forwards, fmt.Sprintf("%d:%s:%d", f.Port, f.Guest, f.To))
	}
	if text, err = json.Marshal(d); err != nil {
		return err
	}
	if s.Gateway.NAT() == nil && len(s.Forwards) > 0 {
		log.Warn("nothing is forwarded: the host has no network", "forwards", d.Forwards)
		s.Forwards = nil
	}
	return kept.Save(text)
}
