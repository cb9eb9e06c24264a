package vmx

// Feature is an optional part of VT-x.
type Feature uint8

// The features, in the order in which the log lists them.
const (
	FeatureEPT Feature = iota
	FeatureLargePages
	FeatureHugePages
	FeatureDirtyBits
	FeatureVPID
	FeatureUnrestricted
	FeatureTrueControls
	FeaturePreemptionTimer
	FeatureTPRShadow
	FeatureAPICv
	FeaturePostedInterrupts
	FeatureVMFUNC
	FeatureShadowVMCS
	FeaturePML
	FeaturePauseLoop
	FeatureTSCScaling
	Features // how many there are
)

// String is the feature's short name for the log.
func (f Feature) String() string {
	if f < Features {
		return featureNames[f]
	}
	return "unknown feature"
}

var featureNames = [Features]string{
	FeatureEPT: "ept", FeatureLargePages: "ept-2m", FeatureHugePages: "ept-1g", FeatureDirtyBits: "ept-dirty",
	FeatureVPID: "vpid", FeatureUnrestricted: "unrestricted-guest", FeatureTrueControls: "true-controls",
	FeaturePreemptionTimer: "preemption-timer", FeatureTPRShadow: "tpr-shadow", FeatureAPICv: "apicv",
	FeaturePostedInterrupts: "posted-interrupts", FeatureVMFUNC: "vmfunc", FeatureShadowVMCS: "shadow-vmcs",
	FeaturePML: "pml", FeaturePauseLoop: "pause-loop", FeatureTSCScaling: "tsc-scaling",
}

// usableEPT is what extended page tables must be able to do to be used at all:
// 4 levels, write-back tables, and a way to drop what the CPU caches of them.
const usableEPT = eptWalk4 | eptWriteBack | invEPT | invEPTSingle | invEPTAll

// usableVPID is the same for tags: a way to drop everything under one tag.
const usableVPID = invVPID | invVPIDAll

// Has tells whether the CPU has the feature and this back end could use it.
func (c *Caps) Has(f Feature) bool {
	switch f {
	case FeatureEPT:
		return c.allows(ControlSecondary, secEPT) && c.eptVPID&usableEPT == usableEPT
	case FeatureLargePages:
		return c.Has(FeatureEPT) && c.eptVPID&ept2M != 0
	case FeatureHugePages:
		return c.Has(FeatureEPT) && c.eptVPID&ept1G != 0
	case FeatureDirtyBits:
		return c.Has(FeatureEPT) && c.eptVPID&eptDirty != 0
	case FeatureVPID:
		return c.allows(ControlSecondary, secVPID) && c.eptVPID&usableVPID == usableVPID
	case FeatureUnrestricted:
		return c.Has(FeatureEPT) && c.allows(ControlSecondary, secUnrestricted)
	case FeatureTrueControls:
		return c.basic&basicTrue != 0
	case FeaturePreemptionTimer:
		return c.allows(ControlPin, pinPreemptionTimer)
	case FeatureTPRShadow:
		return c.allows(ControlProc, procTPRShadow)
	case FeatureAPICv:
		return c.allows(ControlProc, procTPRShadow) && c.allows(ControlSecondary, secAPICRegisters|secInterrupts)
	case FeaturePostedInterrupts:
		return c.Has(FeatureAPICv) && c.allows(ControlPin, pinPostedInterrupts)
	case FeatureVMFUNC:
		return c.allows(ControlSecondary, secVMFUNC)
	case FeatureShadowVMCS:
		return c.allows(ControlSecondary, secVMCSShadow)
	case FeaturePML:
		return c.Has(FeatureEPT) && c.allows(ControlSecondary, secPML)
	case FeaturePauseLoop:
		return c.allows(ControlSecondary, secPauseLoop)
	case FeatureTSCScaling:
		return c.allows(ControlSecondary, secTSCScaling)
	}
	return false
}
