package control

import (
	"fmt"
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// newEnv is the language of checks: CEL with optional fields and
//
//	fromAnywhere(rule)          its source is 0.0.0.0/0 or ::/0, however spelled
//	fromAnywhereIPv4(rule)      …0.0.0.0/0
//	fromAnywhereIPv6(rule)      …::/0
//	reaches(rule, proto, ports) it lets proto ("tcp", "udp") through to one of ports
//	beyond(rule, proto, ports)  it lets proto through to a port that is not one of ports
//	on(value)                   an optional boolean is set and true
//
// over the variables resource (the properties), params (the control's
// parameters) and highRiskPorts. A value that a function cannot judge is an
// error, and an error that decides makes the verdict unknown.
func newEnv() (*cel.Env, error) {
	ports := cel.ListType(cel.IntType)
	return cel.NewEnv(
		cel.OptionalTypes(),
		cel.Variable("resource", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("params", cel.MapType(cel.StringType, ports)),
		cel.Variable("highRiskPorts", ports),
		ofRule("fromAnywhere", func(s source) bool { return s.anyIPv4 || s.anyIPv6 }),
		ofRule("fromAnywhereIPv4", func(s source) bool { return s.anyIPv4 }),
		ofRule("fromAnywhereIPv6", func(s source) bool { return s.anyIPv6 }),
		ofPorts("reaches", span.touches),
		ofPorts("beyond", span.exceeds),
		cel.Function("on", cel.Overload("on_dyn", []*cel.Type{cel.DynType}, cel.BoolType, cel.UnaryBinding(on))),
	)
}

func ofRule(name string, answer func(source) bool) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_rule", []*cel.Type{cel.DynType}, cel.BoolType,
		cel.UnaryBinding(func(arg ref.Val) ref.Val {
			rule, err := nativeRule(arg)
			if err != nil {
				return types.WrapErr(err)
			}
			s, err := sourceOf(rule)
			if err != nil {
				return types.WrapErr(err)
			}
			return types.Bool(answer(s))
		})))
}

func ofPorts(name string, answer func(span, []int64) bool) cel.EnvOption {
	args := []*cel.Type{cel.DynType, cel.StringType, cel.ListType(cel.IntType)}
	return cel.Function(name, cel.Overload(name+"_rule_string_list", args, cel.BoolType,
		cel.FunctionBinding(func(args ...ref.Val) ref.Val {
			rule, err := nativeRule(args[0])
			if err != nil {
				return types.WrapErr(err)
			}
			protocol, ok := args[1].Value().(string)
			if !ok || protocol != "tcp" && protocol != "udp" {
				return types.NewErr("%s: protocol %v, want tcp or udp", name, args[1].Value())
			}
			list, err := args[2].ConvertToNative(reflect.TypeFor[[]int64]())
			if err != nil {
				return types.WrapErr(err)
			}
			s, carries, err := spanOf(rule, protocol)
			if err != nil {
				return types.WrapErr(err)
			}
			return types.Bool(carries && answer(s, list.([]int64)))
		})))
}

func nativeRule(v ref.Val) (map[string]any, error) {
	if m, ok := v.Value().(map[string]any); ok {
		return m, nil
	}
	m, err := v.ConvertToNative(reflect.TypeFor[map[string]any]())
	if err != nil {
		return nil, fmt.Errorf("a rule is %T, want a map", v.Value())
	}
	return m.(map[string]any), nil
}

// on reads a setting that is off when absent. CloudFormation takes "true" for
// true; anything else than a boolean (an intrinsic function that was not
// resolved) cannot be judged.
func on(v ref.Val) ref.Val {
	if o, ok := v.(*types.Optional); ok {
		if !o.HasValue() {
			return types.False
		}
		v = o.GetValue()
	}
	switch x := v.Value().(type) {
	case bool:
		return types.Bool(x)
	case string:
		switch strings.ToLower(x) {
		case "true":
			return types.True
		case "false":
			return types.False
		}
	}
	return types.NewErr("%v is neither true nor false", v.Value())
}
