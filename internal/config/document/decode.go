package document

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// decode fills target from v. A value that is written as nothing (`key:`) leaves
// the target as it is.
func (v Value) decode(target reflect.Value, depth int) {
	v.Doc.values++
	if depth > maxDepth || v.Doc.values > maxValues {
		if v.Doc.values <= maxValues+1 {
			v.Wrong("the file is nested too deeply or repeats itself without end", "", "")
		}
		return
	}
	v.noted()
	if v.plain() == nil || v.Kind() == Null {
		return
	}
	if target.CanAddr() {
		if r, ok := target.Addr().Interface().(Reader); ok {
			r.ReadValue(v)
			return
		}
	}
	switch target.Kind() {
	case reflect.Pointer:
		if target.IsNil() {
			target.Set(reflect.New(target.Type().Elem()))
		}
		v.decode(target.Elem(), depth)
	case reflect.Struct:
		v.decodeStruct(target, depth)
	case reflect.Map:
		v.decodeMap(target, depth)
	case reflect.Slice:
		for _, item := range v.Items(target.Type().Elem().Kind() == reflect.String) {
			e := reflect.New(target.Type().Elem()).Elem()
			item.decode(e, depth+1)
			target.Set(reflect.Append(target, e))
		}
	case reflect.String:
		if s, ok := v.String(); ok {
			target.SetString(s)
		}
	case reflect.Bool:
		v.decodeBool(target)
	case reflect.Int:
		n, err := strconv.Atoi(strings.ReplaceAll(v.Raw(), "_", ""))
		if v.Kind() != Number || err != nil {
			v.Wrong(fmt.Sprintf("%q is not a whole number", v.Raw()), "a whole number", "")
			return
		}
		target.SetInt(int64(n))
	default:
		panic(fmt.Sprintf("document: no reading of %s", target.Type())) // a mistake in our own structs
	}
}

func (v Value) decodeBool(target reflect.Value) {
	switch v.Raw() {
	case "true":
		target.SetBool(true)
	case "false":
		target.SetBool(false)
	default:
		v.Wrong(fmt.Sprintf("%q is neither true nor false", v.Raw()), "true or false", "")
	}
}

func (v Value) decodeMap(target reflect.Value, depth int) {
	if target.IsNil() {
		target.Set(reflect.MakeMap(target.Type()))
	}
	for _, e := range v.Entries() {
		item := reflect.New(target.Type().Elem()).Elem()
		e.Value.decode(item, depth+1)
		target.SetMapIndex(reflect.ValueOf(e.Key).Convert(target.Type().Key()), item)
	}
}

func (v Value) decodeStruct(target reflect.Value, depth int) {
	names, fields := Fields(target.Type())
	for _, e := range v.Entries() {
		i := slices.Index(names, e.Key)
		if i < 0 {
			v.unknownKey(e, names)
			continue
		}
		e.Value.decode(target.FieldByIndex(fields[i]), depth+1)
	}
}

func (v Value) unknownKey(e Entry, names []string) {
	hint := DidYouMean(e.Key, names)
	if hint == "" {
		hint = "remove it"
	}
	v.Doc.Add(Problem{
		Line: e.KeyAt.Line, Column: e.KeyAt.Column, Field: e.Value.Path,
		Message: fmt.Sprintf("unknown key %q", e.Key), Expected: OneOf(names), Hint: hint,
	})
}

// Fields returns the keys that a struct reads and the index of each field.
// Embedded structs are read as if their fields stood in the outer one.
func Fields(t reflect.Type) (names []string, index [][]int) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			inner, at := Fields(f.Type)
			for j := range inner {
				names = append(names, inner[j])
				index = append(index, append([]int{i}, at[j]...))
			}
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		names = append(names, name)
		index = append(index, []int{i})
	}
	return names, index
}

// Read reads v into the value that target points to, for a Reader that accepts
// several forms of which one is a mapping or a list.
func (v Value) Read(target any) {
	v.decode(reflect.ValueOf(target).Elem(), 0)
}
