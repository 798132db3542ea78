// From what the planes of a picture hold to RGB.
vec3 from_yuv(float first, vec2 chroma, vec2 luma, vec4 matrix) {
    float y = first * luma.x + luma.y;
    chroma -= 128.0 / 255.0;
    return vec3(y + matrix.x * chroma.y,
                y + matrix.y * chroma.x + matrix.z * chroma.y,
                y + matrix.w * chroma.x);
}

// HAP Q: Co, Cg and what they were multiplied by in R, G and B, luma in A
// (van Waveren and Castaño, Real-Time YCoCg-DXT Compression, 2007)
vec3 from_ycocg(vec4 texel) {
    vec2 chroma = (texel.rg - 128.0 / 255.0) / (texel.b * (255.0 / 8.0) + 1.0);
    return vec3(texel.a + chroma.x - chroma.y,
                texel.a + chroma.y,
                texel.a - chroma.x - chroma.y);
}
