// sRGB (IEC 61966-2-1) to linear light and back. The powers are replaced by the cheapest sums of
// square roots and products whose crossfades stay within 0.35 of 255 of the formula's; the short
// straight piece near black is kept, where any smooth approximation is farthest off.
vec3 to_light(vec3 c) {
    c = clamp(c, 0.0, 1.0);
    vec3 curve = 0.0015496 + c * (0.0141838 + c * (0.6562698 + c * 0.3305491));
    return mix(curve, c * (1.0 / 12.92), vec3(lessThan(c, vec3(0.04045))));
}

vec3 to_srgb(vec3 light) {
    vec3 second = sqrt(light);
    vec3 fourth = sqrt(second);
    vec3 curve = -0.0769004 - 0.0553237 * light + 0.8337715 * second + 0.2980930 * fourth;
    return mix(curve, light * 12.92, vec3(lessThan(light, vec3(0.0031308))));
}
